"""What a rotation function may do to its one secret."""

from __future__ import annotations

from pulumi import Input

from components.values import Statement


def read(sid: str, secret_arn: Input[str], key_arn: Input[str]) -> list[Statement]:
    """Reading one secret, and the key for that secret alone."""
    return [
        {
            "Sid": f"Read{sid}",
            "Effect": "Allow",
            "Action": ["secretsmanager:GetSecretValue"],
            "Resource": [secret_arn],
        },
        _crypt(f"Decrypt{sid}", ["kms:Decrypt"], secret_arn, key_arn),
    ]


def rotate(secret_arn: Input[str], key_arn: Input[str]) -> list[Statement]:
    """The four steps: reading, adding a version, moving labels."""
    return [
        {
            "Sid": "RotateSecret",
            "Effect": "Allow",
            "Action": [
                "secretsmanager:DescribeSecret",
                "secretsmanager:GetSecretValue",
                "secretsmanager:PutSecretValue",
                "secretsmanager:UpdateSecretVersionStage",
            ],
            "Resource": [secret_arn],
        },
        _crypt("UseSecretKey", ["kms:Decrypt", "kms:GenerateDataKey"], secret_arn, key_arn),
    ]


def keep_failures(queue_arn: Input[str], key_arn: Input[str]) -> list[Statement]:
    """Leaving what failed in a queue."""
    return [
        {"Sid": "KeepLostEvents", "Effect": "Allow", "Action": ["sqs:SendMessage"], "Resource": [queue_arn]},
        {
            "Sid": "EncryptLostEvents",
            "Effect": "Allow",
            "Action": ["kms:Decrypt", "kms:GenerateDataKey"],
            "Resource": [key_arn],
        },
    ]


def _crypt(sid: str, actions: list[str], secret_arn: Input[str], key_arn: Input[str]) -> Statement:
    # Secrets Manager names the secret when it uses the key, so the right reaches no other secret.
    return {
        "Sid": sid,
        "Effect": "Allow",
        "Action": actions,
        "Resource": [key_arn],
        "Condition": {"StringEquals": {"kms:EncryptionContext:SecretARN": [secret_arn]}},
    }
