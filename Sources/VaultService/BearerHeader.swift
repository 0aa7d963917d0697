import VaultModel

/// The `Authorization` header of a request (RFC 6750 §2.1): `Bearer`, in any case, one space, and a token.
enum BearerHeader {
    private static let scheme = "bearer "

    /// Lends `body` the token, when it is one of `kinds`; costs no look at the database.
    ///
    /// - Throws: `missingToken` without a header; `invalidToken` for another scheme, or a token whose form, checksum or
    ///   kind is wrong.
    static func lend<T>(
        _ authorization: String?, of kinds: [TokenKind], _ body: (RawSpan) throws(VaultError) -> T
    ) throws(VaultError) -> T {
        guard let authorization else { throw .missingToken }
        guard authorization.utf8.count > scheme.utf8.count,
            authorization.prefix(scheme.count).lowercased() == scheme
        else { throw .invalidToken }
        var token = WipedBuffer(capacity: TokenText.count)
        token.append(String(authorization.dropFirst(scheme.count)))
        return try token.withBytes { bytes throws(VaultError) in
            guard let kind = TokenText.check(bytes), kinds.contains(kind) else { throw .invalidToken }
            return try body(bytes)
        }
    }
}
