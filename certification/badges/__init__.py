"""Open Badges 3.0: the credential that says the same as the certificate, signed, baked, and its status lists.

Sources: 1EdTech Open Badges 3.0; W3C Verifiable Credentials 2.0, Data Integrity EdDSA Cryptosuites 1.0
(`eddsa-rdfc-2022`), Bitstring Status List 1.0; did:web.
"""
