package import VaultCrypto
package import VaultModel

/// The notes of one vault in an anchor, as far as they are proven, and what they say together.
///
/// The newest note that is signed proves those before it, each by the hash in the one after it. So one signature is
/// checked where nobody has tampered with the file; where somebody has, all are.
package struct AnchorChain: Sendable {
    /// Who may sign: the keys given, and those that one of them vouched for.
    package private(set) var keys: [NoteKey]
    /// The newest note; `nil` where no note is proven.
    package private(set) var tip: ChainPosition?
    /// Whether the notes go back without a gap to one that begins an anchor; each such names again what had ended.
    package private(set) var isWhole = false
    /// Signed heads of the log that hold, in the order in which they were signed.
    package private(set) var heads: [ChainPosition] = []
    /// The ids of what has ended for ever, in the order in which it ended.
    package private(set) var ended: [String] = []
    /// How often an older database was taken back with an operator's consent.
    package private(set) var rollbacks = 0
    /// How often an anchor was begun in place of one that was lost.
    package private(set) var restarts = 0
    /// What was said to be dropped, at any time.
    package private(set) var drops: [AnchorStatement] = []
    /// Lines where a note begins that no key signed.
    package private(set) var forgedLines: [Int] = []
    /// Lines where a signed note begins that stands in no chain: somebody copied it there.
    package private(set) var copiedLines: [Int] = []
    /// Lines where a piece of a note begins, as an interrupted write leaves it.
    package private(set) var tornLines: [Int] = []

    private let name: String
    private let contents: AnchorContents
    /// The proven notes, oldest first.
    private var chain: [Link] = []

    private struct Link {
        let block: AnchorContents.Block
        let previous: ChainPosition
        let statement: AnchorStatement
        /// The hash of its text.
        let hash: [UInt8]

        var position: ChainPosition { ChainPosition(sequence: previous.sequence + 1, hash: hash) }
    }

    /// - Parameter name: that of the vault's signers; other vaults' notes are passed over.
    package init(_ contents: AnchorContents, keys: [NoteKey], name: String) throws(CryptoError) {
        self.contents = contents
        self.keys = keys
        self.name = name
        var links: [Link] = []
        for block in contents.blocks where contents.isBlock(block, by: name) {
            guard let text = contents.text(of: block) else {
                tornLines.append(block.line)
                continue
            }
            guard let note = AnchorNote(text, by: name) else {
                forgedLines.append(block.line)
                continue
            }
            links.append(
                Link(
                    block: block, previous: note.previous, statement: note.statement,
                    hash: try Digest.sha256(Array(text))))
        }
        learnSigners(from: links)
        chain = isUntouched(links) ? links : proven(of: links)
        tip = chain.last?.position
        isWhole = chain.contains { $0.statement == .begun }
        for link in chain { fold(link) }
    }

    /// Whether `text`, of a note that was signed, is one of the proven ones.
    package func contains(_ note: AnchorNote) throws(CryptoError) -> Bool {
        guard let first = chain.first else { return false }
        let index = note.number - first.position.sequence
        guard chain.indices.contains(index) else { return false }
        return chain[index].hash == (try Digest.sha256(Array(note.text(by: name).utf8)))
    }

    /// Signers vouch for one another, so that who has the first key can check what the newest signed.
    private mutating func learnSigners(from links: [Link]) {
        for link in links {
            guard case .signer(let key) = link.statement, key.name == name, !keys.contains(key), isSigned(link) else {
                continue
            }
            keys.append(key)
        }
    }

    private func isSigned(_ link: Link) -> Bool {
        guard let note = contents.note(of: link.block) else { return false }
        return keys.contains { note.isSigned(by: $0) }
    }

    private func isUntouched(_ links: [Link]) -> Bool {
        zip(links, links.dropFirst()).allSatisfy { $0.position == $1.previous } && links.last.map(isSigned) == true
    }

    /// Of links among which are some that do not belong there: those from the newest that is signed back.
    private mutating func proven(of links: [Link]) -> [Link] {
        var byHash: [[UInt8]: Link] = [:]
        for link in links where byHash.updateValue(link, forKey: link.hash) != nil {
            copiedLines.append(link.block.line)
        }
        var proven: [Link] = []
        var next = links.sorted { $0.previous.sequence > $1.previous.sequence }.first(where: isSigned)
        while let link = next {
            proven.append(link)
            byHash[link.hash] = nil
            next = byHash[link.previous.hash].flatMap { $0.position == link.previous ? $0 : nil }
        }
        for link in byHash.values.sorted(by: { $0.block.line < $1.block.line }) {
            if isSigned(link) { copiedLines.append(link.block.line) } else { forgedLines.append(link.block.line) }
        }
        return proven.reversed()
    }

    private mutating func fold(_ link: Link) {
        switch link.statement {
        case .head(let position): heads.append(position)
        case .ended(let ids): ended += ids
        case .rollback(let kept, _):
            heads.removeAll { $0.sequence > kept }
            rollbacks += 1
        case .begun:
            heads = []
            if link.previous.sequence > 0 { restarts += 1 }
        case .dropped: drops.append(link.statement)
        case .signer: break
        }
    }
}
