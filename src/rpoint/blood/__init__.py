"""Blood counts under drugs, their grades, and the dose rules that follow from them."""
