"""Care in the hospital: what becomes of the patients."""

from __future__ import annotations

from messages import Outcomes, Patient, Patients
from runtime import Atomic, Input, Output


class Care(Atomic):
    """Sees each patient once in an update."""

    patients_in = Input(Patients)
    outcomes_out = Output(Outcomes)

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
        stays = tuple([self._see(patient) == "stays" for patient in known.patients])
        self.send(self.outcomes_out, Outcomes(stays=stays))

    def _see(self, patient: Patient) -> str:
        """What becomes of a patient."""
        disease = patient.disease
        probability = min(1.0, self.base_probs[disease] + self.day_factors[disease] * patient.days)
        alive = "stays" if patient.remaining > 1 else "discharged"
        outcome = "died" if self.draw.bernoulli(probability) else alive
        self.emit(
            "seen",
            disease=disease,
            bed=patient.bed,
            remaining=patient.remaining,
            days=patient.days,
            probability=probability,
            outcome=outcome,
        )
        return outcome
