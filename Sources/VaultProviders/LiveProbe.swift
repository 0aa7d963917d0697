package import HTTPClient
package import VaultModel

extension Probe {
    /// A probe that calls providers over `client`.
    package init(catalogue: Catalogue, client: HTTPClient, time: any TimeSource) {
        self.init(catalogue: catalogue, time: time) { request in await client.answer(to: request) }
    }
}

extension HTTPClient {
    /// Makes the call that a probe describes, once; only an endpoint of the operator's may be anything but public.
    fileprivate func answer(to request: consuming ProbeRequest) async -> ProbeAnswer {
        guard let method = OutgoingRequest.Method(rawValue: request.method) else { return .failure(.refused) }
        let isPublic = request.isToCatalogue
        let (url, headers, body) = (request.url, request.headers, request.body)
        let (name, prefix) = (request.secretHeaderName, request.secretHeaderPrefix)
        let outgoing = OutgoingRequest(
            method, url, headers: headers, body: body, secret: request.secret, secretHeaderName: name,
            secretHeaderPrefix: prefix, addressPolicy: isPublic ? .publicOnly : .operatorChosen,
            allowsLoopbackHTTP: !isPublic)
        do {
            let response = try await send(outgoing)
            return .response(status: response.status, headers: response.headers, body: response.body)
        } catch {
            switch error {
            case .refusedURL, .refusedAddress, .refusedSecret, .refusedHeader: return .failure(.refused)
            case .timeout: return .failure(.timeout)
            case .tls: return .failure(.tls)
            case .tooLarge: return .failure(.tooLarge)
            case .resolve, .connect, .cancelled, .transport: return .failure(.unreachable)
            }
        }
    }
}
