import HTTPClient
import VaultModel

/// The key that the tests send; not a real one.
let sampleKey = "sk-test-0123456789abcdefXYZ"

func secret(_ text: String = sampleKey) throws -> SecretBytes {
    try SecretBytes(copying: Array(text.utf8).span.bytes)
}

/// A call with a key, to an endpoint that the operator chose.
func call(
    _ url: String, _ method: OutgoingRequest.Method = .get, headers: [(name: String, value: String)] = [],
    body: [UInt8] = [], key: String = sampleKey, timeout: Duration = HTTPClient.longestTimeout
) throws -> OutgoingRequest {
    OutgoingRequest(
        method, url, headers: headers, body: body, secret: try secret(key), secretHeaderName: "x-api-key",
        addressPolicy: .operatorChosen, allowsLoopbackHTTP: true, timeout: timeout)
}

extension HTTPClient {
    convenience init() throws(HTTPClientError) { try self.init(version: "9.8") }

    /// The error of a call that must not succeed; `nil` when it did.
    func failure(of request: consuming OutgoingRequest) async -> HTTPClientError? {
        do throws(HTTPClientError) {
            _ = try await send(request)
            return nil
        } catch {
            return error
        }
    }
}
