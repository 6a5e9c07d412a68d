"""The wards of the hospital: who lies where."""

from __future__ import annotations

from messages import Newcomers, Outcomes, Patient, Patients, Update
from runtime import Atomic, Input, Output


class Wards(Atomic):
    """Admits newcomers as long as there are beds."""

    update_in = Input(Update)
    outcomes_in = Input(Outcomes)
    newcomers_in = Input(Newcomers)
    patients_out = Output(Patients)

    def __init__(self, patients: str, icu_capacity: int, standard_capacity: int) -> None:
        self.beds = {"icu": icu_capacity, "standard": standard_capacity}
        self.patients = [] if patients == "none" else [self._read(text) for text in patients.split(" ")]
        self.newcomers: list[Newcomers] = []
        self.awaited = 0

    def start(self) -> None:
        self._report()

    def on_update_in(self, update: Update) -> None:
        self.awaited = 4
        self.send(self.patients_out, Patients(patients=tuple(self.patients)))

    def on_outcomes_in(self, outcomes: Outcomes) -> None:
        known = zip(self.patients, outcomes.stays, strict=True)
        self.patients = [self._older(patient) for patient, stays in known if stays]
        self._told()

    def on_newcomers_in(self, newcomers: Newcomers) -> None:
        self.newcomers.append(newcomers)
        self._told()

    def _told(self) -> None:
        self.awaited -= 1
        if self.awaited:
            return
        for group in sorted(self.newcomers, key=lambda group: group.disease):
            for stay in group.stays:
                self._admit(group.disease, stay)
        self.newcomers = []
        self._report()

    def _admit(self, disease: int, stay: int) -> None:
        wanted = ("standard", "icu") if disease == 2 else ("icu", "standard")
        for bed in wanted:
            if self._occupied(bed) < self.beds[bed]:
                self.patients.append(Patient(disease=disease, bed=bed, remaining=stay, days=1))
                self.emit("admitted", disease=disease, bed=bed, stay=stay)
                return
        self.emit("rejected", disease=disease)

    def _older(self, patient: Patient) -> Patient:
        left, days = patient.remaining - 1, patient.days + 1
        return Patient(disease=patient.disease, bed=patient.bed, remaining=left, days=days)

    def _occupied(self, bed: str) -> int:
        return sum(patient.bed == bed for patient in self.patients)

    def _report(self) -> None:
        diseases = [patient.disease for patient in self.patients]
        self.emit(
            "state",
            icu=self._occupied("icu"),
            standard=self._occupied("standard"),
            disease_0=diseases.count(0),
            disease_1=diseases.count(1),
            disease_2=diseases.count(2),
            **self._sums(),
            icu_beds=self.beds["icu"],
            standard_beds=self.beds["standard"],
            patients=" ".join(map(self._written, self.patients)) or "none",
        )

    def _sums(self) -> dict[str, int]:
        """The days of all patients together, by disease."""
        sums = {f"{kind}_{disease}": 0 for kind in ("remaining", "days") for disease in range(3)}
        for patient in self.patients:
            sums[f"remaining_{patient.disease}"] += patient.remaining
            sums[f"days_{patient.disease}"] += patient.days
        return sums

    def _read(self, text: str) -> Patient:
        disease, bed, remaining, days = text.split(":")
        return Patient(disease=int(disease), bed=bed, remaining=int(remaining), days=int(days))

    def _written(self, patient: Patient) -> str:
        return f"{patient.disease}:{patient.bed}:{patient.remaining}:{patient.days}"
