/// The first thing that is wrong with an audit log, as far as it can be told.
package struct AuditFinding: Sendable, Equatable {
    /// What was done; the raw value stands in `audit verify --json`.
    package enum Kind: String, Sendable, CaseIterable {
        /// The entry is not what was written, or the one before it is not, together with its hash.
        case changed
        /// The entry is what was written; its hash is not.
        case hashChanged = "hash_changed"
        /// What was written there is gone, up to `through`.
        case missing
        /// It was not written; what comes after it was.
        case inserted
        /// It was written once, and stands there twice.
        case duplicated
        /// It stands in the place of `through`, and that in its place.
        case swapped
        /// The chain fits in itself, and is not what was signed at entry `through`.
        case rewritten
        /// The log ends before it; it was signed up to `through`.
        case truncated
        /// An entry that was kept when others were dropped is not what it was, or gone.
        case keptChanged = "kept_changed"
        /// What says up to where entries were dropped is not signed by this vault.
        case dropUnsigned = "drop_unsigned"
        /// There is no anchor with a note that is signed: nothing outside the database speaks for it.
        case anchorMissing = "anchor_missing"
        /// The anchor lacks its beginning, or a head that the database knows.
        case anchorCut = "anchor_cut"
        /// No signed head speaks for it, nor for what follows.
        case unproven
        /// The signed head behind exported entries is not signed by a key that is known.
        case headForged = "head_forged"
    }

    package let kind: Kind
    /// The number of the first bad entry.
    package let sequence: Int
    package let through: Int?

    package init(_ kind: Kind, at sequence: Int, through: Int? = nil) {
        self.kind = kind
        self.sequence = sequence
        self.through = through
    }
}

extension AuditFinding: CustomStringConvertible {
    package var description: String {
        switch kind {
        case .changed: return "entry \(sequence) was changed (or the one before it, and its hash)"
        case .hashChanged: return "entry \(sequence): its hash was changed, the entry itself was not"
        case .missing:
            guard let through, through > sequence else { return "entry \(sequence) is missing" }
            return "entries \(sequence) to \(through) are missing"
        case .inserted: return "entry \(sequence) was inserted"
        case .duplicated: return "entry \(sequence) is a copy of the one before it"
        case .swapped: return "entry \(sequence) and entry \(through ?? sequence) were swapped"
        case .rewritten:
            return "the log was rewritten from entry \(sequence) on, or later: it is not what was signed at entry "
                + "\(through ?? sequence)"
        case .truncated:
            return "entry \(sequence) and what followed are missing: it was signed up to entry \(through ?? sequence)"
        case .keptChanged: return "an entry up to \(sequence) that had been kept was changed or is missing"
        case .dropUnsigned: return "the note that entries up to \(sequence) were dropped is not this vault's"
        case .anchorMissing: return "no note of this vault is in the anchor: whoever rewrote the log goes unnoticed"
        case .anchorCut: return "the anchor lacks its beginning, or its newest notes"
        case .unproven: return "entry \(sequence) and what follows are under no signed head"
        case .headForged: return "the signed head behind the entries is not signed by a known key"
        }
    }
}
