package import VaultCrypto
package import VaultModel

/// The notes of one vault in an anchor, as far as they are proven, and what they say together.
///
/// The newest note that is signed proves those before it, each by the hash in the one after it. So one signature is
/// checked where nobody has tampered with the file.
package struct AnchorChain: Sendable {
    /// Who may sign: the keys given, and those that one of them vouched for.
    package private(set) var keys: [NoteKey]
    /// The newest note; `nil` where no note is proven.
    package private(set) var tip: ChainPosition?
    /// Whether the notes go back without a gap to one that begins an anchor; each such names again what had ended.
    package private(set) var isWhole = false
    /// The ids of what has ended for ever, in the order in which it ended.
    package private(set) var ended: [String] = []
    /// How often an older database was taken back with an operator's consent.
    package private(set) var rollbacks = 0
    /// How often an anchor was begun when there was a log already.
    package private(set) var restarts = 0
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
    /// Those of them that are heads which hold.
    private var headLinks: [Int] = []

    /// So many notes that stand in no chain are looked at more closely; whoever put more there is told of those.
    private static let strays = 1000

    /// A note as far as it takes to find its place: there may be a million.
    private struct Link {
        let block: AnchorContents.Block
        let kind: Kind
        let previous: Place
        /// The hash of its text.
        let hash: Hash256

        enum Kind { case head, begun, other }

        var place: Place { Place(number: previous.number + 1, hash: hash) }
    }

    private struct Place: Equatable {
        let number: Int
        let hash: Hash256
    }

    /// - Parameter name: that of the vault's signers; other vaults' notes are passed over.
    package init(_ contents: AnchorContents, keys: [NoteKey], name: String) throws(CryptoError) {
        self.contents = contents
        self.keys = keys
        self.name = name
        let (head, begun, signer) = (
            Array("\(name)/head\n".utf8), Array("\(name)/begun\n".utf8), "\(name)/signer\n".utf8
        )
        var links: [Link] = []
        var signers: [Link] = []
        for block in contents.blocks where contents.isBlock(block, by: name) {
            guard let text = contents.text(of: block) else {
                tornLines.append(block.line)
                continue
            }
            guard let previous = AnchorNote.place(in: text), let hash = Hash256(previous.hash),
                let own = Hash256(try Digest.sha256(Array(text)))
            else {
                forgedLines.append(block.line)
                continue
            }
            let link = Link(
                block: block, kind: text.starts(with: head) ? .head : text.starts(with: begun) ? .begun : .other,
                previous: Place(number: previous.sequence, hash: hash), hash: own)
            links.append(link)
            if text.starts(with: signer) { signers.append(link) }
        }
        learnSigners(from: signers)
        chain = isUntouched(links) ? links : proven(of: links)
        tip = chain.last.map { ChainPosition(sequence: $0.place.number, hash: $0.hash.bytes) }
        isWhole = chain.contains { $0.kind == .begun }
        for index in chain.indices { fold(index) }
    }

    /// Signed heads of the log that hold, in the order in which they were signed.
    package var heads: [ChainPosition] { headLinks.compactMap(head) }

    var newestHead: ChainPosition? { headLinks.last.flatMap(head) }

    /// The newest of the heads of which that holds.
    func newestHead(where isIt: (ChainPosition) throws -> Bool) rethrows -> ChainPosition? {
        for index in headLinks.reversed() {
            if let head = head(index), try isIt(head) { return head }
        }
        return nil
    }

    /// Whether a note, which was signed, is one of the proven ones.
    package func contains(_ note: AnchorNote) throws(CryptoError) -> Bool {
        guard let first = chain.first else { return false }
        let index = note.number - first.place.number
        guard chain.indices.contains(index) else { return false }
        return chain[index].hash.bytes == (try Digest.sha256(Array(note.text(by: name).utf8)))
    }

    private func head(_ index: Int) -> ChainPosition? {
        contents.text(of: chain[index].block).flatMap { AnchorNote.head(in: $0) }
    }

    private func statement(of link: Link) -> AnchorStatement? {
        contents.text(of: link.block).flatMap { AnchorNote($0, by: name)?.statement }
    }

    /// Signers vouch for one another, so that who has the first key can check what the newest signed.
    private mutating func learnSigners(from links: [Link]) {
        for link in links {
            guard case .signer(let key)? = statement(of: link), key.name == name, !keys.contains(key), isSigned(link)
            else { continue }
            keys.append(key)
        }
    }

    private func isSigned(_ link: Link) -> Bool {
        guard let note = contents.note(of: link.block) else { return false }
        return keys.contains { note.isSigned(by: $0) }
    }

    private func isUntouched(_ links: [Link]) -> Bool {
        zip(links, links.dropFirst()).allSatisfy { $0.place == $1.previous } && links.last.map(isSigned) == true
    }

    /// Of links among which are some that do not belong there: those from the newest that is signed back.
    private mutating func proven(of links: [Link]) -> [Link] {
        var byHash: [Hash256: Link] = [:]
        for link in links where byHash.updateValue(link, forKey: link.hash) != nil {
            copiedLines.append(link.block.line)
        }
        var proven: [Link] = []
        var next = links.sorted { $0.previous.number > $1.previous.number }.first(where: isSigned)
        while let link = next {
            proven.append(link)
            byHash[link.hash] = nil
            next = byHash[link.previous.hash].flatMap { $0.place == link.previous ? $0 : nil }
        }
        for link in byHash.values.sorted(by: { $0.block.line < $1.block.line }).prefix(Self.strays) {
            if isSigned(link) { copiedLines.append(link.block.line) } else { forgedLines.append(link.block.line) }
        }
        return proven.reversed()
    }

    private mutating func fold(_ index: Int) {
        let link = chain[index]
        guard link.kind != .head else { return headLinks.append(index) }
        switch statement(of: link) {
        case .ended(let ids): ended += ids
        case .rollback(let kept, _):
            headLinks = headLinks.filter { (head($0)?.sequence ?? 0) <= kept }
            rollbacks += 1
        case .begun(let entries):
            headLinks = []
            if entries > 0 { restarts += 1 }
        case .head, .dropped, .signer, nil: break
        }
    }
}
