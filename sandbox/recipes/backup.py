"""Vaults, plans and restore tests of AWS Backup."""

from __future__ import annotations

from sandbox.recipes.recipe import Answer, Recipe

_NO_JOBS = "moto makes no backup; drills restore from point-in-time recovery and from versions of objects"

ROWS = {
    "aws:backup/vault:Vault": Recipe(
        call="backup.create_backup_vault",
        rename={"name": "BackupVaultName", "kmsKeyArn": "EncryptionKeyArn"},
        id="{name}",
        tags="BackupVaultTags",
        outputs={
            "arn": Answer("BackupVaultArn", "arn:aws:backup:{region}:{account}:backup-vault:{name}"),
            "recoveryPoints": lambda _work: 0,
        },
    ),
    "aws:backup/vaultLockConfiguration:VaultLockConfiguration": Recipe(
        call="backup.put_backup_vault_lock_configuration",
        id="{backupVaultName}",
        outputs={"backupVaultArn": "arn:aws:backup:{region}:{account}:backup-vault:{backupVaultName}"},
    ),
    "aws:backup/plan:Plan": Recipe(
        recorded=_NO_JOBS,
        id="{hash:8}-{hash:4}-{hash:4}-{hash:4}-{hash:12}",
        outputs={"arn": "arn:aws:backup:{region}:{account}:backup-plan:{id}", "version": "{hash:32}"},
    ),
    "aws:backup/selection:Selection": Recipe(recorded=_NO_JOBS, id="{hash:32}"),
    "aws:backup/restoreTestingPlan:RestoreTestingPlan": Recipe(
        recorded=_NO_JOBS, outputs={"arn": "arn:aws:backup:{region}:{account}:restore-testing-plan:{name}"}
    ),
    "aws:backup/restoreTestingSelection:RestoreTestingSelection": Recipe(
        recorded=_NO_JOBS, id="{restoreTestingPlanName}:{name}"
    ),
}
