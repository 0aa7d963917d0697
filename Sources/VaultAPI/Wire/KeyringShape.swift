import VaultModel

// What KeyringWire.swift writes.

extension Schema {
    static let rekey = object(
        "Rekey",
        [
            Property(
                "state", .choice(["none"] + Rekey.State.allCases.map(\.rawValue), such: "rewrapping"),
                "`rewrapping`: secrets are being moved; `verifying`: each is being opened once."),
            Property("from_term", .integer(1...Int.max, such: 1).nullable),
            Property("to_term", .integer(2...Int.max, such: 2).nullable),
            Property("done", .count.such(.integer(61_200)), "Secrets that were moved."),
            Property("remaining", .count.such(.integer(38_800)), "Secrets that are still under an older term."),
            Property("failed", .count.such(.integer(0)), "Secrets that do not open; their keys are `undecryptable`."),
            Property("verified", .count.such(.integer(0)), "Secrets that were opened afterwards."),
            Property("started_at", .time.nullable),
            Property("finished_at", .time.nullable.such(.null)),
        ])

    static let keyring = object(
        "Keyring",
        [
            Property("master_id", .id(MasterKeyID.self), "Names the master key; it is no hash of it."),
            Property("has_recovery_key", .boolean(true), "Whether an offline recovery key opens the vault, too."),
            Property("current_term", .integer(1...Int.max, such: 2), "What new secrets are sealed under."),
            Property(
                "terms",
                .list(
                    object(
                        "Term",
                        [
                            Property("term", .integer(1...Int.max, such: 1)),
                            Property("created_at", .time),
                            Property("wraps", .count.such(.integer(100_000)), "Secrets ever sealed under it."),
                            Property("secrets", .count.such(.integer(38_800)), "Secrets that are so now."),
                            Property(
                                "destroyed_at", .time.nullable.such(.null),
                                "Since when nothing that it sealed can be opened with this database."),
                        ])), "Every KEK term there has been, ascending."),
            Property("rekey", rekey),
        ])
}
