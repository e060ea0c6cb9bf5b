"""What the ledger keeps in the vault: who reported, and the words of private matters."""

from __future__ import annotations

from uuid import UUID

import orjson

from qipan.assembly.demo.ledger.entries import Entries
from qipan.assembly.demo.ledger.rows import SYSTEM_BY, About, By, File, who
from qipan.assembly.demo.ledger.text import array, binary, json, plain, stamp
from qipan.assembly.demo.scene import Actor
from qipan.foundation.journal.rules import Class
from qipan.foundation.vault import envelope, rules
from qipan.foundation.vault.keystore import DataKey, store
from qipan.foundation.vault.rules import INDEX_PURPOSE, INDEXED, RETENTION_DAYS
from qipan.incidents.operations.said import SEALED
from qipan.kernels.clock.timetable import DAY, day_of, moment_of

PRIVATE = "incidents.private"


class Sealing(Entries):
    """Cards of a file. What comes to one later is sealed into it anew, as it was made."""

    def key(self, purpose: str) -> DataKey:
        if purpose not in self._keys:
            self._keys[purpose] = store().current(self.district, purpose)
        return self._keys[purpose]

    def seal(
        self, file: File, fields: dict[str, str], *, purpose: str, retention: str, by: Actor | By, at: int,
        found: tuple[tuple[str, str], ...] = (),
    ) -> UUID:  # fmt: skip
        """As `vault.seal`, of fields that are in their one form already; `found` is indexed too."""
        card = self.new_id(at)
        file.cards.append([self._front(file, card, fields, purpose=purpose, retention=retention, at=at), retention, at])
        if purpose == PRIVATE:
            file.words, file.words_at = fields, at
        indexed = [(INDEXED[name], value) for name, value in fields.items() if name in INDEXED]
        for kind, value in sorted({*indexed, *found}):
            index_key = self.key(INDEX_PURPOSE)
            digest = envelope.blind(rules.index_form(kind, value), key=index_key, kind=kind)
            self.lines["vault_index"].append(f"{card}\t{kind}\t{binary(digest)}\t{index_key.id}")
        self._sealed(file, card, sorted(fields), purpose, by=who(by), at=at)
        return card

    def _front(
        self, file: File, card: UUID, fields: dict[str, str], *, purpose: str, retention: str, at: int
    ) -> str:  # fmt: skip
        """A card's row without its end."""
        key, about = self.key(purpose), file.about()
        sealed = envelope.seal(orjson.dumps(fields), key=key, district_id=self.district, purpose=purpose,
                               owner=str(card))  # fmt: skip
        return "\t".join(
            (str(card), str(self.district), array(about.areas), purpose, retention, about.kind, str(about.id), key.id,
             binary(sealed), json(rules.mask(fields)), stamp(at))
        )  # fmt: skip

    def _sealed(self, file: File, card: UUID, fields: list[str], purpose: str, *, by: By, at: int) -> None:
        about = file.about()
        of_card = About("card", card, about.label, about.areas, None, max(about.privacy, Class.PRIVATE))
        self.record("vault.sealed", of_card, by=by, at=at, fields=fields, purpose=purpose)

    def said(self, file: File, text: str, *, by: By, at: int) -> str:
        """As `operations.said`: what staff write in a private matter goes to the end of its card."""
        if not file.private or by == SYSTEM_BY or text in {"", SEALED}:
            return text
        line = f"{moment_of(at):%Y-%m-%d %H:%M} {by[0]}：{text}"
        before = file.words.get("other")
        self._more(file, "other", line if before is None else f"{before}\n{line}", by=by, at=at)
        return SEALED

    def answered(self, file: File, text: str, *, by: By, at: int) -> str:
        """The same for the answer; a newer one takes the older's place."""
        if not file.private:
            return text
        self._more(file, "answer", text, by=by, at=at)
        return SEALED

    def _more(self, file: File, field: str, text: str, *, by: By, at: int) -> None:
        assert file.text_card is not None  # every private matter of the demo has words
        file.words = file.words | {field: text}
        card = next(one for one in file.cards if one[0].startswith(str(file.text_card)))
        card[0] = self._front(
            file, file.text_card, file.words, purpose=PRIVATE, retention=card[1], at=file.words_at
        )  # fmt: skip
        self._sealed(file, file.text_card, [field], PRIVATE, by=by, at=at)

    def card_lines(self, file: File) -> None:
        for front, retention, kept_from in file.cards:
            days = RETENTION_DAYS[retention]
            until = None if days is None else day_of(kept_from + days * DAY).isoformat()
            self.lines["vault_card"].append(f"{front}\t{plain(until)}")
