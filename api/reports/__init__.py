"""Daily and monthly reports as documents: tables once, then JSON, CSV, XLSX, PDF and the page from them."""
