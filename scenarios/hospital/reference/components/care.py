"""Care in the hospital: what becomes of the patients."""

from __future__ import annotations

from messages import Patient, Patients
from runtime import Atomic, Input, Output


class Care(Atomic):
    """Sees each patient once in an update."""

    patients_in = Input(Patients)
    staying_out = Output(Patients)

    def __init__(
        self,
        base_prob_0: float,
        base_prob_1: float,
        base_prob_2: float,
        day_factor_0: float,
        day_factor_1: float,
        day_factor_2: float,
    ) -> None:
        self.base_probs = (base_prob_0, base_prob_1, base_prob_2)
        self.day_factors = (day_factor_0, day_factor_1, day_factor_2)

    def on_patients_in(self, known: Patients) -> None:
        staying = tuple([one for one in map(self._see, known.patients) if one.remaining])
        self.send(self.staying_out, Patients(patients=staying))

    def _see(self, patient: Patient) -> Patient:
        """What becomes of a patient; none of the days remain to one who leaves."""
        disease, bed, remaining, days = patient.disease, patient.bed, patient.remaining, patient.days
        probability = min(1.0, self.base_probs[disease] + self.day_factors[disease] * days)
        if self.draw.bernoulli(probability):
            outcome, left = "died", 0
        else:
            left = remaining - 1
            outcome = "stays" if left else "discharged"
        self.emit(
            "seen",
            disease=disease,
            bed=bed,
            remaining=remaining,
            days=days,
            probability=probability,
            outcome=outcome,
        )
        return Patient(disease=disease, bed=bed, remaining=left, days=days + 1)
