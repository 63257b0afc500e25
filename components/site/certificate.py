"""Certificate: a public certificate that proves itself by records in the domain's zone, and renews itself."""

from __future__ import annotations

import re
from typing import Final, NotRequired, TypedDict

import pulumi
from pulumi import Input, Output, ResourceOptions

from components.aws import acm, route53

_DOMAIN: Final = re.compile(r"(?=.{4,64}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}")


class CertificateArgs(TypedDict):
    """What a certificate is for."""

    domain: str
    """Name such as `ml.example.org`, up to 64 characters."""
    zone_id: Input[str]
    """Hosted zone of Route 53 that answers for the domain."""
    key_algorithm: NotRequired[str]
    """EC_prime256v1 (the default), EC_secp384r1 or RSA_2048."""


class Certificate(pulumi.ComponentResource):
    """A certificate that is ready for use; for CloudFront its provider must be that of us-east-1."""

    certificate: acm.Certificate
    """The certificate as it was asked for."""
    arn: Output[str]
    """Its ARN, known once it is valid."""

    def __init__(self, name: str, args: CertificateArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("mlplatform:index:Certificate", name, {}, opts)
        algorithm = args.get("key_algorithm", "EC_prime256v1")
        _validate(name, args["domain"], algorithm)
        child = ResourceOptions(parent=self)
        self.certificate = acm.Certificate(
            f"{name}-certificate",
            domain_name=args["domain"],
            validation_method="DNS",
            key_algorithm=algorithm,
            # Browsers want a public record of each certificate (certificate transparency).
            options={"certificate_transparency_logging_preference": "ENABLED"},
            opts=child,
        )
        # One name, so exactly one record proves it; the list is only known after the certificate is asked for.
        proof = self.certificate.domain_validation_options[0]
        record = route53.Record(
            f"{name}-proof",
            zone_id=args["zone_id"],
            name=proof.apply(lambda known: str(known.resource_record_name)),
            type=proof.apply(lambda known: str(known.resource_record_type)),
            records=[proof.apply(lambda known: str(known.resource_record_value))],
            ttl=300,
            # A certificate of the same name elsewhere in the account is proven by the same record.
            allow_overwrite=True,
            opts=child,
        )
        valid = acm.CertificateValidation(
            f"{name}-validation",
            certificate_arn=self.certificate.arn,
            validation_record_fqdns=[record.fqdn],
            opts=child,
        )
        self.arn = valid.certificate_arn
        self.register_outputs({"arn": self.arn})


def _validate(name: str, domain: str, algorithm: str) -> None:
    problems = []
    if not _DOMAIN.fullmatch(domain):
        problems.append(f"domain is {domain!r}; allowed: a name such as ml.example.org, up to 64 characters")
    allowed = ("EC_prime256v1", "EC_secp384r1", "RSA_2048")
    if algorithm not in allowed:
        problems.append(f"key_algorithm is {algorithm!r}; allowed: {', '.join(allowed)}")
    if problems:
        raise ValueError(f"Certificate {name!r}: " + "; ".join(problems))
