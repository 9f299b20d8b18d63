"""What proves who issued: Ed25519 keys for badges, sealed at rest and rotated, and PAdES signatures of PDFs.

Private keys are in the database only encrypted under a key from the settings, or stay in a PKCS#11 token. Only the
worker and the commands load this package's engines; web processes import them when a file is verified.
"""
