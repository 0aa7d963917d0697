package import VaultModel

/// One call to a provider, with the key that it tests apart from all else.
package struct ProbeRequest: ~Copyable, Sendable {
    package let method: String
    package let url: String
    package let headers: [(name: String, value: String)]
    /// The key goes out as `secretHeaderName: secretHeaderPrefix` + the secret.
    package let secretHeaderName: String
    package let secretHeaderPrefix: String
    package var secret: SecretBytes
    package let body: [UInt8]
    /// Whether it goes where the catalogue says, and not to an endpoint that the operator configured.
    package let isToCatalogue: Bool

    init(
        _ call: TestCall, path: String, at baseURL: String, isToCatalogue: Bool, secret: consuming SecretBytes,
        body: [UInt8] = []
    ) {
        method = call.method
        url = baseURL + path
        self.isToCatalogue = isToCatalogue
        headers = call.headers
        secretHeaderName = call.secretHeader
        secretHeaderPrefix = call.secretPrefix
        self.secret = secret
        self.body = body
    }
}
