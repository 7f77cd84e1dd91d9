"""Everything that changes a case. Web, command line and scheduler all act through these."""

from engine.commands.acting import (
    cancel_case,
    complete_task,
    deliver_action,
    record_fact,
    save_draft,
)
from engine.commands.cause import Moved
from engine.commands.checkpoints import keep_checkpoint, take_checkpoint
from engine.commands.claiming import claim, claim_all, picked, release
from engine.commands.clock_watch import ClockState, clock_state, confirm_clock
from engine.commands.correcting import correct_fact
from engine.commands.deploying import deploy_folder, deploy_missing
from engine.commands.erasing import Erasure, erase_case, preview_erasure
from engine.commands.errors import CaseStopped, FormOutdated, SubmissionInvalid, WarningsNotAccepted
from engine.commands.evidence import document, export_case, record_look, reveal, verify_audit
from engine.commands.folders import UploadUnusable, upload_file, upload_folder
from engine.commands.importing import import_register, register_rows
from engine.commands.incidents import retry_incident
from engine.commands.long_work import Progress
from engine.commands.long_work import begin as begin_work
from engine.commands.long_work import progress as work_progress
from engine.commands.migrating import Carried, migrate_case, migrate_cases
from engine.commands.office_data import (
    OtherChangesWaiting,
    change_setting,
    import_calendar,
    preview_calendar,
    preview_setting,
    year_file,
)
from engine.commands.opening import start_case
from engine.commands.passing_time import fire_due_timers, fire_timer, tick
from engine.commands.recomputing import Moving, recompute_clocks, settle_lapsed
from engine.commands.registers import RegisterQuery, export_register
from engine.commands.several import (
    colleagues,
    complete_all,
    hand_over_all,
    picked_to_give,
)
from engine.commands.submitting import Upload
from engine.commands.taking_back import take_back
from engine.commands.trying import try_folder

__all__ = [
    "Carried",
    "CaseStopped",
    "ClockState",
    "Erasure",
    "FormOutdated",
    "Moved",
    "Moving",
    "OtherChangesWaiting",
    "Progress",
    "RegisterQuery",
    "SubmissionInvalid",
    "Upload",
    "UploadUnusable",
    "WarningsNotAccepted",
    "begin_work",
    "cancel_case",
    "change_setting",
    "claim",
    "claim_all",
    "clock_state",
    "colleagues",
    "complete_all",
    "complete_task",
    "confirm_clock",
    "correct_fact",
    "deliver_action",
    "deploy_folder",
    "deploy_missing",
    "document",
    "erase_case",
    "export_case",
    "export_register",
    "fire_due_timers",
    "fire_timer",
    "hand_over_all",
    "import_calendar",
    "import_register",
    "keep_checkpoint",
    "migrate_case",
    "migrate_cases",
    "picked",
    "picked_to_give",
    "preview_calendar",
    "preview_erasure",
    "preview_setting",
    "recompute_clocks",
    "record_fact",
    "record_look",
    "register_rows",
    "release",
    "retry_incident",
    "reveal",
    "save_draft",
    "settle_lapsed",
    "start_case",
    "take_back",
    "take_checkpoint",
    "tick",
    "try_folder",
    "upload_file",
    "upload_folder",
    "verify_audit",
    "work_progress",
    "year_file",
]
