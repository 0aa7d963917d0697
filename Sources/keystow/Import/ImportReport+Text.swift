import VaultModel

extension ImportReport {
    /// The report for people, as lines: a table, what to do about what was refused, how many of each, what comes next.
    var lines: [String] {
        var lines = table
        if !skipped.isEmpty {
            lines += ["", "Passed over:"] + skipped.map { "  \(place(of: $0.line, $0.name)): \($0.reason)" }
        }
        let refusals = entries.compactMap { entry in entry.refusal.map { (entry, $0) } }
        if !refusals.isEmpty {
            lines += ["", "Not imported:"]
            for (entry, refusal) in refusals {
                let who = [
                    place(of: entry.line, entry.variable), entry.user ?? "–", entry.provider ?? "–", refusal.code,
                ]
                lines.append("  " + who.joined(separator: ", ") + ": " + refusal.message.onOneLine)
                if !refusal.hint.isEmpty { lines.append("    " + refusal.hint.onOneLine) }
            }
        }
        return lines + ["", summary] + closing
    }

    private var table: [String] {
        guard !entries.isEmpty else { return ["There is no key in \(place)."] }
        let rows =
            [["WHERE", "USER", "PROVIDER", "KIND", isDryRun ? "WOULD BE" : "WHAT"]]
            + entries.map { entry in
                [
                    place(of: entry.line, entry.variable), entry.user?.shortened(to: 40) ?? "–", entry.provider ?? "–",
                    entry.kind ?? "–", entry.word,
                ]
            }
        let widths = (0..<4).map { column in rows.reduce(0) { max($0, $1[column].count) } }
        return rows.map { row in
            zip(row, widths).map { $0 + String(repeating: " ", count: $1 - $0.count + 2) }.joined() + row[4]
        }
    }

    private func place(of line: Int?, _ name: String?) -> String {
        let parts = [line.map { "line \($0)" }, name].compactMap(\.self)
        return parts.isEmpty ? "–" : parts.joined(separator: " ")
    }

    /// How many of each.
    var summary: String {
        let counts = counts
        let parts = [
            (counts.storable, "would be stored"), (counts.stored, "stored"), (counts.alreadyThere, "already there"),
            (counts.refused, "refused"), (counts.postponed, "not imported now"), (counts.notReached, "not reached"),
        ].filter { $0.0 > 0 }.map { "\($0.0) \($0.1)" }
        let noun = entries.count == 1 ? "1 key" : "\(entries.count) keys"
        return noun + (parts.isEmpty ? "." : ": " + parts.joined(separator: ", ") + ".")
    }

    private var closing: [String] {
        var lines: [String] = []
        switch ending {
        case .complete: break
        case .interrupted:
            lines.append("Stopped as asked. What was stored is stored; running this again goes on from there.")
        case .connectionLost(let why), .vaultUnavailable(let why):
            lines.append("Stopped: \(why.onOneLine). What was stored is stored; running this again is safe.")
        case .notAllowed(let why): lines.append("Stopped: \(why.onOneLine)")
        case .noProject: lines.append("Stopped: there is no such project.")
        }
        if isDryRun, counts.storable > 0 {
            lines.append("Nothing was stored and no provider was asked. With --apply this is really done.")
        }
        return lines + [reminder.prefix(1).uppercased() + reminder.dropFirst() + "."]
    }
}

extension ImportReport.Entry {
    /// Why it was not imported.
    var refusal: ImportRefusal? {
        switch outcome {
        case .refused(let refusal), .postponed(let refusal): refusal
        case .storable, .stored, .alreadyThere, .notReached: nil
        }
    }

    /// What became of it, in the table.
    fileprivate var word: String {
        switch outcome {
        case .storable, .stored: "stored"
        case .alreadyThere: "already there"
        case .refused(let refusal): "refused: \(refusal.code)"
        case .postponed(let refusal): "not now: \(refusal.code)"
        case .notReached: "not reached"
        }
    }
}

extension String {
    /// Without line ends and other control characters, which a terminal would act on.
    fileprivate var onOneLine: String {
        hasControlCharacters ? String(String.UnicodeScalarView(unicodeScalars.map { $0.isControl ? " " : $0 })) : self
    }

    fileprivate func shortened(to length: Int) -> String {
        count <= length ? self : prefix(length - 1) + "…"
    }
}

extension Unicode.Scalar {
    fileprivate var isControl: Bool { value < 0x20 || (0x7F...0x9F).contains(value) }
}
