"""Lambda functions, their versions, layers and permissions."""

from __future__ import annotations

import base64
import hashlib
import io
import zipfile
from pathlib import Path
from typing import Any

from sandbox.recipes.recipe import Answer, Recipe, Work, hands

_FUNCTION = "arn:aws:lambda:{region}:{account}:function:{name}"
_RUNS_HERE = "moto forgets it; the sandbox's own runner reads what is declared"


def _archive(work: Work) -> bytes:
    """The bytes of a declared archive."""
    code = work.inputs["code"]
    if "path" in code:
        path = work.root / code["path"]
        if not path.exists():
            raise FileNotFoundError(f"{path} is missing; run `make package`")
        return path.read_bytes() if path.is_file() else _zipped(path)
    if "assets" in code:
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            for name, asset in sorted(code["assets"].items()):
                content = asset["text"] if "text" in asset else (work.root / asset["path"]).read_bytes()
                archive.writestr(zipfile.ZipInfo(name), content)
        return buffer.getvalue()
    raise ValueError(f"code is {code!r}; give a FileArchive or an AssetArchive")


def _zipped(folder: Path) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                archive.writestr(zipfile.ZipInfo(str(path.relative_to(folder))), path.read_bytes())
    return buffer.getvalue()


def _stand_in() -> bytes:
    """A tiny archive: moto keeps contents that nothing would read."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(zipfile.ZipInfo("README"), "The sandbox runs the archive that the program declares.")
    return buffer.getvalue()


def _function(work: Work) -> None:
    if work.inputs.get("code"):
        work.parameters["Code"] = {"ZipFile": _archive(work)}


def _concurrency(work: Work) -> None:
    reserved = work.inputs.get("reservedConcurrentExecutions")
    if reserved is not None and reserved >= 0:
        work.call(
            "lambda.put_function_concurrency",
            FunctionName=work.inputs["name"],
            ReservedConcurrentExecutions=reserved,
        )


def _layer(work: Work) -> None:
    """A layer is sent as a stand-in: tens of megabytes would cross the loopback to be kept and never read."""
    code = work.inputs.get("code") or {}
    if "path" in code and not (work.root / code["path"]).exists():
        raise FileNotFoundError(f"{work.root / code['path']} is missing; run `make package`")
    work.parameters["Content"] = {"ZipFile": _stand_in()}
    work.dropped["code"] = "moto holds a stand-in; the sandbox's own runner takes the layer's content from its source"


def _statement(work: Work) -> None:
    work.parameters.setdefault(
        "StatementId", work.inputs.get("statementIdPrefix", "pulumi-") + str(work.fill("{hash:7}"))
    )


def _size(work: Work) -> int | None:
    return work.answer.get("CodeSize")


def _digest(work: Work) -> Any:
    if work.answer:
        return work.answer.get("CodeSha256")
    path = work.root / str((work.inputs.get("code") or {}).get("path", ""))
    return base64.b64encode(hashlib.sha256(path.read_bytes()).digest()).decode() if path.is_file() else None


def _version(work: Work) -> str:
    return str(work.answer.get("Version") or ("1" if work.inputs.get("publish") else "$LATEST"))


def _invoke(arn: str) -> str:
    return "arn:aws:apigateway:{region}:lambda:path/2015-03-31/functions/" + arn + "/invocations"


ROWS = {
    "aws:lambda/function:Function": Recipe(
        call="lambda.create_function",
        by_hand=hands("code", "reservedConcurrentExecutions"),
        rename={"name": "FunctionName"},
        lost={
            "deadLetterConfig": _RUNS_HERE,
            "loggingConfig": _RUNS_HERE,
            "snapStart": "a local process starts in milliseconds",
            "fileSystemConfig": _RUNS_HERE,
            "codeSigningConfigArn": "moto checks no signature",
            "vpcConfig": "a local process is in no network of its own",
        },
        shape=_function,
        after=_concurrency,
        outputs={
            "arn": _FUNCTION,
            "version": _version,
            "invokeArn": _invoke("{arn}"),
            "qualifiedArn": "{arn}:{version}",
            "qualifiedInvokeArn": _invoke("{qualifiedArn}"),
            "codeSha256": _digest,
            "sourceCodeSize": _size,
        },
    ),
    "aws:lambda/alias:Alias": Recipe(
        call="lambda.create_alias",
        id="{arn}",
        outputs={
            "arn": lambda work: work.fill(
                "{functionName}:{name}"
                if work.inputs["functionName"].startswith("arn:")
                else "arn:aws:lambda:{region}:{account}:function:{functionName}:{name}",
            ),
            "invokeArn": _invoke("{arn}"),
        },
    ),
    "aws:lambda/layerVersion:LayerVersion": Recipe(
        call="lambda.publish_layer_version",
        by_hand=hands("code"),
        shape=_layer,
        id=Answer("LayerVersionArn", "arn:aws:lambda:{region}:{account}:layer:{layerName}:1"),
        tags="",
        outputs={
            "arn": "{id}",
            "layerArn": "arn:aws:lambda:{region}:{account}:layer:{layerName}",
            "version": lambda work: str(work.answer.get("Version", 1)),
        },
    ),
    "aws:lambda/permission:Permission": Recipe(
        call="lambda.add_permission",
        rename={"function": "FunctionName"},
        by_hand=hands("statementIdPrefix"),
        shape=_statement,
        id=lambda work: work.inputs.get("statementId") or work.fill("pulumi-{hash:7}"),
        outputs={"statementId": "{id}"},
    ),
    "aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig": Recipe(
        call="lambda.put_function_event_invoke_config",
        id="{functionName}",
    ),
    "aws:lambda/eventSourceMapping:EventSourceMapping": Recipe(
        call="lambda.create_event_source_mapping",
        id=Answer("UUID", "{hash:8}-{hash:4}-{hash:4}-{hash:4}-{hash:12}"),
        outputs={"uuid": "{id}", "functionArn": Answer("FunctionArn")},
    ),
    "aws:lambda/provisionedConcurrencyConfig:ProvisionedConcurrencyConfig": Recipe(
        recorded="moto has no provisioned concurrency; local processes stay warm by themselves",
        id="{functionName},{qualifier}",
    ),
}
