"""The web app's delivery: a private bucket behind CloudFront, with the API on the same address."""

from __future__ import annotations

from components.site.bucket import SiteBucket, SiteBucketArgs
from components.site.certificate import Certificate, CertificateArgs
from components.site.component import Site, SiteArgs
from components.site.content import SiteFile, files
from components.site.health import PAGE
from components.site.log import SiteLog, SiteLogArgs
from components.site.mark import Mark, MarkArgs

__all__ = [
    "PAGE",
    "Certificate",
    "CertificateArgs",
    "Mark",
    "MarkArgs",
    "Site",
    "SiteArgs",
    "SiteBucket",
    "SiteBucketArgs",
    "SiteFile",
    "SiteLog",
    "SiteLogArgs",
    "files",
]
