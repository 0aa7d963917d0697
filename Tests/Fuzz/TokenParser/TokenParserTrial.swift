import VaultModel

@testable import VaultService

/// One `Authorization` header or one token, and all that must hold of who is believed to send it.
///
/// An input is a header, in which 0xF8 stands for a token made of the next byte, the kind, and the byte after it. After
/// a first byte of 0xFF it is the kind, twenty random bytes, a place and a change to make there.
struct TokenParserTrial: Trial {
    func run(_ bytes: [UInt8]) throws {
        if bytes.first == 0xFF { try make(bytes.dropFirst()) } else { try read(bytes) }
    }

    private func read(_ bytes: [UInt8]) throws {
        let sent = try expanded(bytes)
        require(TokenText.check(sent.span.bytes) == TokenSpelling.kind(of: sent), "a token is what is spelled as one")
        guard let header = String(validating: sent, as: UTF8.self) else { return }
        for kinds in [[TokenKind.admin, .app], [.connect], [.use], []] {
            var lent: [UInt8]?
            do throws(VaultError) {
                try BearerHeader.lend(header, of: kinds) { token throws(VaultError) in
                    lent = (0..<token.byteCount).map { token[byte: $0] }
                }
                require(lent == TokenSpelling.bearer(sent, of: kinds), "a token is taken as it was sent")
            } catch {
                require(isInvalidToken(error), "what is no token is an invalid one")
                require(lent == nil && TokenSpelling.bearer(sent, of: kinds) == nil, "a token is taken")
            }
        }
    }

    private func isInvalidToken(_ error: VaultError) -> Bool { if case .invalidToken = error { true } else { false } }

    private func make(_ bytes: ArraySlice<UInt8>) throws {
        guard bytes.count >= 23 else { return }
        let bytes = Array(bytes)
        let kind = TokenKind.allCases[Int(bytes[0]) % TokenKind.allCases.count]
        var token = try spelled(kind, Array(bytes[1...20]))
        require(TokenText.check(token.span.bytes) == kind, "what is made is a token of its kind")
        require(TokenSpelling.kind(of: token) == kind, "what is made is spelled as one")
        let place = Int(bytes[21]) % token.count
        guard bytes[22] != token[place] else { return }
        token[place] = bytes[22]
        require(TokenText.check(token.span.bytes) == nil, "a token with one byte changed is none")
    }

    private func expanded(_ bytes: [UInt8]) throws -> [UInt8] {
        var (rest, sent) = (bytes[...], [UInt8]())
        while let byte = rest.popFirst() {
            guard byte == 0xF8, let kind = rest.popFirst(), let seed = rest.popFirst() else {
                sent.append(byte)
                continue
            }
            let kinds = TokenKind.allCases
            sent += try spelled(kinds[Int(kind) % kinds.count], (0..<20).map { seed &+ $0 &* 37 })
        }
        return sent
    }

    private func spelled(_ kind: TokenKind, _ random: [UInt8]) throws -> [UInt8] {
        let secret = try SecretBytes(copying: random.span.bytes)
        let text = try TokenText.make(kind: kind, random: secret)
        return text?.withBytes { bytes in (0..<bytes.byteCount).map { bytes[byte: $0] } } ?? []
    }
}
