/// Why a request is refused without asking what it wants. Holds nothing of the request.
package enum TransportFault: Error, Sendable, Equatable {
    /// Any `Transfer-Encoding`: bodies are small, and chunks are where parsers come to disagree.
    case transferEncodingRefused
    /// A head that is not what RFC 9110 and 9112 allow, or not what this server reads; one fixed sentence.
    case badRequest(String)
    case bodyTooLarge
    case uriTooLong
    /// Too many header fields, or too many bytes of them.
    case headersTooLarge
    /// The bodies being read and answered already fill their budget; may be tried again.
    case bodiesInFlight
    /// The answers being sent already fill theirs; may be tried again. The request has had its effect.
    case answersInFlight
    /// The answer was not there when the time for the whole request was over, or the server had to stop.
    /// Whether the request had its effect is unknown.
    case answerTooLate

    /// The status that says it best where the API does not choose another.
    package var status: Int {
        switch self {
        case .transferEncodingRefused, .badRequest: 400
        case .bodyTooLarge: 413
        case .uriTooLong: 414
        case .headersTooLarge: 431
        case .bodiesInFlight, .answersInFlight, .answerTooLate: 503
        }
    }
}
