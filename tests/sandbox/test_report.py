"""The report names each type, why something is only recorded, and which inputs nothing holds."""

from __future__ import annotations

from pathlib import Path

from sandbox import report
from sandbox.ledger import Ledger, Resource

EVERYTHING = Path(__file__).parent / "programs" / "everything"


def ledger() -> Ledger:
    made = Ledger("dev", "p")
    rows = (
        Resource("urn::a", "aws:s3/bucket:Bucket", "a"),
        Resource("urn::b", "aws:s3/bucket:Bucket", "b", dropped={"logging": "moto forgets it"}),
        Resource("urn::c", "aws:s3/bucketPolicy:BucketPolicy", "c", status="recorded", reason="it would lock out"),
        Resource("urn::d", "p:index:Lake", "d", custom=False, status="component"),
        Resource("urn::e", "pulumi:providers:aws", "e", status="recorded", reason="no resource"),
    )
    for row in rows:
        made.add(row)
    return made


def test_rows_count_by_type_and_leave_components_and_providers_out() -> None:
    assert [(row.type, row.created, row.recorded) for row in report.rows(ledger())] == [
        ("aws:s3/bucket:Bucket", 2, 0),
        ("aws:s3/bucketPolicy:BucketPolicy", 0, 1),
    ]
    assert report.summary(ledger()) == {"created": 2, "recorded": 1, "refused": 0}


def test_the_text_gives_reasons_and_dropped_inputs() -> None:
    text = report.text(ledger())
    assert "stack dev: 2 created, 1 recorded, 0 refused" in text
    assert "aws:s3/bucketPolicy:BucketPolicy: it would lock out" in text
    assert "aws:s3/bucket:Bucket logging: moto forgets it" in text


def test_a_saved_ledger_gives_the_same_report(tmp_path: Path) -> None:
    path = tmp_path / "ledger.json"
    path.write_text(ledger().to_json())
    assert report.text(report.load(path)) == report.text(ledger())


def test_the_page_is_the_same_each_time_and_names_each_recorded_type() -> None:
    page = report.page(root=EVERYTHING)
    assert page == report.page(root=EVERYTHING)
    planned = report.plan("dev", EVERYTHING)
    for resource in planned:
        assert f"`{resource.type}`" in page
        if resource.status == "recorded":
            assert f"| `{resource.type}` | {resource.reason} |" in page
