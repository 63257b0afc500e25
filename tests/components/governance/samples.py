"""Events of findings in the form that their services document, each with what a message must not repeat."""

from __future__ import annotations

from typing import Any

PERSONAL = ("ada.example", "198.51.100.7", "ada@example.org")
"""What the events below know of people."""

_USER = {"accessKeyId": "ASIAEXAMPLE", "principalId": "AIDAEXAMPLE", "userName": PERSONAL[0], "userType": "IAMUser"}

THREAT: dict[str, Any] = {
    "schemaVersion": "2.0",
    "accountId": "123456789012",
    "region": "us-east-1",
    "partition": "aws",
    "id": "b0c5c3d8a4f14e2c9d5d2f5f7a1e9c11",
    "arn": "arn:aws:guardduty:us-east-1:123456789012:detector/d0/finding/b0c5c3d8a4f14e2c9d5d2f5f7a1e9c11",
    "type": "UnauthorizedAccess:IAMUser/InstanceCredentialExfiltration.OutsideAWS",
    "resource": {"resourceType": "AccessKey", "accessKeyDetails": _USER},
    "service": {
        "serviceName": "guardduty",
        "action": {"awsApiCallAction": {"remoteIpDetails": {"ipAddressV4": PERSONAL[1]}}},
        "archived": False,
        "count": 1,
    },
    "severity": 8,
    "title": f"Credentials of {PERSONAL[0]} were used from {PERSONAL[1]}",
    "description": f"Credentials of {PERSONAL[0]} were used from {PERSONAL[1]}",
}

WEAKNESS: dict[str, Any] = {
    "findings": [
        {
            "SchemaVersion": "2018-10-08",
            "Id": "arn:aws:securityhub:us-east-1:123456789012:security-control/S3.2/finding/4f1c",
            "ProductName": "Security Hub",
            "GeneratorId": "security-control/S3.2",
            "AwsAccountId": "123456789012",
            "Title": "Buckets block public reads",
            "Description": f"Owned by {PERSONAL[2]}",
            "Severity": {"Label": "CRITICAL", "Normalized": 90},
            "Resources": [{"Type": "AwsS3Bucket", "Id": f"arn:aws:s3:::{PERSONAL[0]}", "Region": "us-east-1"}],
            "Compliance": {"Status": "FAILED"},
            "Workflow": {"Status": "NEW"},
            "RecordState": "ACTIVE",
        }
    ]
}

ACCESS: dict[str, Any] = {
    "version": "1.0",
    "id": "22222222-dcba-4444-dcba-333333333333",
    "status": "ACTIVE",
    "resourceType": "AWS::S3::Bucket",
    "resource": "arn:aws:s3:::mlplatform-dev-raw",
    "accountId": "123456789012",
    "region": "us-east-1",
    "principal": {"AWS": f"arn:aws:iam::999999999999:user/{PERSONAL[0]}"},
    "action": ["s3:GetObject"],
    "condition": {"aws:SourceIp": f"{PERSONAL[1]}/32"},
    "isDeleted": False,
    "isPublic": False,
}

DEVIATION: dict[str, Any] = {
    "messageType": "ComplianceChangeNotification",
    "configRuleName": "mlplatform-dev-s3-bucket-ssl-requests-only",
    "configRuleARN": "arn:aws:config:us-east-1:123456789012:config-rule/config-rule-abc123",
    "resourceType": "AWS::S3::Bucket",
    "resourceId": "mlplatform-dev-raw",
    "awsRegion": "us-east-1",
    "awsAccountId": "123456789012",
    "newEvaluationResult": {"complianceType": "NON_COMPLIANT", "annotation": f"changed by {PERSONAL[2]}"},
    "oldEvaluationResult": {"complianceType": "COMPLIANT"},
}

SAMPLES: dict[str, tuple[str, str, dict[str, Any]]] = {
    "threat": ("aws.guardduty", "GuardDuty Finding", THREAT),
    "weakness": ("aws.securityhub", "Security Hub Findings - Imported", WEAKNESS),
    "access": ("aws.access-analyzer", "Access Analyzer Finding", ACCESS),
    "deviation": ("aws.config", "Config Rules Compliance Change", DEVIATION),
}
"""By the finding's noun: source, detail-type, detail."""
