package import VaultCrypto
package import VaultModel

/// What a signed note about the audit log says.
package enum AnchorStatement: Sendable, Equatable {
    /// An anchor begins with this note, when the log had so many entries: none in a vault that is being made, more where
    /// an anchor was lost.
    case begun(entries: Int)
    /// The log is this, up to here: a checkpoint in the form of C2SP tlog-checkpoint, whose hash is the chain's.
    case head(ChainPosition)
    /// These keys, orders, tokens and projects have ended and never come back.
    case ended([String])
    /// From now on this key signs, too.
    case signer(NoteKey)
    /// An operator took back an older database, or one that was rewritten: heads behind entry `kept` are given up, up
    /// to the one at entry `lost`.
    case rollback(kept: Int, lost: Int)
    /// Entries up to `through` were dropped; of them `count` are kept, with this hash over them.
    case dropped(through: ChainPosition, count: Int, digest: [UInt8])
}

/// A statement, when it was made, and its place among an anchor's notes.
///
/// Each note holds the hash of the one before it. So nobody can take one out or put an old one in again, and the
/// signature of the newest proves them all.
package struct AnchorNote: Sendable, Equatable {
    package let statement: AnchorStatement
    /// The note before it: its number, and the SHA-256 of its text.
    package let previous: ChainPosition
    package let at: Timestamp

    package init(_ statement: AnchorStatement, after previous: ChainPosition, at: Timestamp) {
        self.statement = statement
        self.previous = previous
        self.at = at
    }

    package var number: Int { previous.sequence + 1 }

    /// The text that is signed, by signers of that name; its first line says whose it is and of which kind.
    package func text(by name: String) -> String {
        let lines: [String]
        switch statement {
        case .begun(let entries): lines = ["begun", "\(entries)"]
        case .head(let position): lines = ["head"] + Self.lines(of: position)
        case .ended(let ids): lines = ["ended"] + ids
        // No line but the first begins with the name.
        case .signer(let key): lines = ["signer", "key \(key)"]
        case .rollback(let kept, let lost): lines = ["rollback", "\(kept)", "\(lost)"]
        case .dropped(let through, let count, let digest):
            lines = ["dropped"] + Self.lines(of: through) + ["\(count)", Base64.text(of: digest)]
        }
        let place = "after \(previous.sequence) \(Base64.text(of: previous.hash))"
        return "\(name)/" + (lines + [place, "time \(at)"]).joined(separator: "\n") + "\n"
    }

    /// Reads what ``text(by:)`` writes; `nil` for anything else.
    package init?(_ text: some Collection<UInt8>, by name: String) {
        let prefix = "\(name)/".utf8
        guard text.starts(with: prefix), text.suffix(1).elementsEqual([UInt8(ascii: "\n")]) else { return nil }
        var lines = text.dropFirst(prefix.count).dropLast()
            .split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
            .map { String(decoding: $0, as: UTF8.self) }
        guard let moment = lines.popLast(), moment.hasPrefix("time "),
            let at = Timestamp(rfc3339: moment.dropFirst("time ".count)), let place = lines.popLast(),
            let previous = Self.place(Array(place.utf8)[...]),
            let kind = lines.first,
            let statement = AnchorStatement(kind, Array(lines.dropFirst()))
        else { return nil }
        self.init(statement, after: previous, at: at)
    }

    private static func lines(of position: ChainPosition) -> [String] {
        ["\(position.sequence)", Base64.text(of: position.hash)]
    }

    /// The note before the one of that text, as the last line but one says.
    static func place(in text: ArraySlice<UInt8>) -> ChainPosition? {
        guard let end = text.dropLast().lastIndex(of: newline), let start = text[..<end].lastIndex(of: newline) else {
            return nil
        }
        return place(text[(start + 1)..<end])
    }

    /// The head that a text says, of which only these lines are read.
    static func head(in text: ArraySlice<UInt8>) -> ChainPosition? {
        guard let first = text.firstIndex(of: newline), let second = text[(first + 1)...].firstIndex(of: newline),
            let third = text[(second + 1)...].firstIndex(of: newline)
        else { return nil }
        return ChainPosition(text[(first + 1)..<second], text[(second + 1)..<third])
    }

    private static let newline = UInt8(ascii: "\n")
    private static let after = Array("after ".utf8)

    private static func place(_ line: ArraySlice<UInt8>) -> ChainPosition? {
        guard line.starts(with: after),
            let space = line.dropFirst(after.count).firstIndex(of: UInt8(ascii: " "))
        else { return nil }
        return ChainPosition(line[(line.startIndex + after.count)..<space], line[(space + 1)...])
    }
}

extension AnchorStatement {
    fileprivate init?(_ kind: String, _ lines: [String]) {
        switch (kind, lines.count) {
        case ("begun", 1):
            guard let entries = Int(lines[0]), entries >= 0 else { return nil }
            self = .begun(entries: entries)
        case ("head", 2):
            guard let position = ChainPosition(lines[0], lines[1]) else { return nil }
            self = .head(position)
        case ("ended", 1...): self = .ended(lines)
        case ("signer", 1):
            guard lines[0].hasPrefix("key "), let key = NoteKey(lines[0].dropFirst("key ".count)) else { return nil }
            self = .signer(key)
        case ("rollback", 2):
            guard let kept = Int(lines[0]), let lost = Int(lines[1]), kept >= 0, lost >= kept else { return nil }
            self = .rollback(kept: kept, lost: lost)
        case ("dropped", 4):
            guard let through = ChainPosition(lines[0], lines[1]), let count = Int(lines[2]),
                let digest = Base64.bytes(of: lines[3]), digest.count == 32
            else { return nil }
            self = .dropped(through: through, count: count, digest: digest)
        default: return nil
        }
    }
}

extension ChainPosition {
    fileprivate init?(_ number: String, _ hash: String) { self.init(Array(number.utf8)[...], Array(hash.utf8)[...]) }

    /// A number in decimal digits and a hash in base64.
    fileprivate init?(_ number: ArraySlice<UInt8>, _ hash: ArraySlice<UInt8>) {
        guard (1...16).contains(number.count), number.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        let sequence = number.reduce(0) { $0 * 10 + Int($1 - 0x30) }
        guard sequence <= Self.last, let bytes = Base64.bytes(of: hash), bytes.count == 32 else { return nil }
        self.init(sequence: sequence, hash: bytes)
    }
}
