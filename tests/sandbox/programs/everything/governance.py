"""What watches an account and its costs."""

from __future__ import annotations

from pulumi_aws import accessanalyzer, budgets, cfg, cloudtrail, costexplorer, guardduty, securityhub

ROLE = "arn:aws:iam::123456789012:role/governance"
TOPIC = "arn:aws:sns:us-east-1:123456789012:costs"
MONTH = "everything-month"

cloudtrail.Trail("audit", name="everything", s3_bucket_name="everything-audit", is_multi_region_trail=True)
recorder = cfg.Recorder("records", name="everything", role_arn=ROLE, recording_group={"all_supported": True})
channel = cfg.DeliveryChannel("records", name="everything", s3_bucket_name="everything-audit")
cfg.RecorderStatus("records", name=recorder.name, is_enabled=True)
cfg.Rule(
    "closed", name="closed", source={"owner": "AWS", "source_identifier": "S3_BUCKET_LEVEL_PUBLIC_ACCESS_PROHIBITED"}
)
detector = guardduty.Detector("threats", enable=True)
guardduty.DetectorFeature("threats", detector_id=detector.id, name="S3_DATA_EVENTS", status="ENABLED")
accessanalyzer.Analyzer("access", analyzer_name="everything", type="ACCOUNT")
securityhub.Account("standards", enable_default_standards=False)
securityhub.StandardsSubscription(
    "standards",
    standards_arn="arn:aws:securityhub:us-east-1::standards/aws-foundational-security-best-practices/v/1.0.0",
)
budgets.Budget("month", name=MONTH, budget_type="COST", limit_amount="500", limit_unit="USD", time_unit="MONTHLY")
budgets.BudgetAction(
    "month",
    budget_name=MONTH,
    action_type="APPLY_IAM_POLICY",
    approval_model="AUTOMATIC",
    notification_type="ACTUAL",
    action_threshold={"action_threshold_type": "PERCENTAGE", "action_threshold_value": 100},
    definition={"iam_action_definition": {"policy_arn": "arn:aws:iam::123456789012:policy/stop", "roles": ["jobs"]}},
    execution_role_arn=ROLE,
    subscribers=[{"subscription_type": "SNS", "address": TOPIC}],
)
monitor = costexplorer.AnomalyMonitor(
    "costs", name="everything", monitor_type="DIMENSIONAL", monitor_dimension="SERVICE"
)
costexplorer.AnomalySubscription(
    "costs",
    name="everything",
    frequency="IMMEDIATE",
    monitor_arn_lists=[monitor.arn],
    subscribers=[{"type": "SNS", "address": TOPIC}],
)
costexplorer.CostAllocationTag("project", tag_key="Project", status="Active")
