"""Who is enrolled: tumour types, genotypes, copy numbers and their assays."""
