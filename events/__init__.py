"""Local and international events: catalogue, registration, programme and check-in.

The layers from top to bottom are onsite, programme, registration, catalog; a lower one never imports a higher one.
Certificates for attending belong to `certification.attendance`, the later package that joins the two.
"""
