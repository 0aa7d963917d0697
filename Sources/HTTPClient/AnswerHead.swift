internal import CCurl

/// Status and headers of one answer, put together from the lines that libcurl hands over.
///
/// Of interim answers (1xx) and trailers nothing is kept, but they count towards the limit.
struct AnswerHead {
    private(set) var status = 0
    private(set) var headers: [(name: String, value: String)] = []
    private var size = 0
    private var place = Place.statusLine

    /// Where in the answer the next line belongs.
    private enum Place {
        case statusLine, interim, final, trailers
    }

    /// Whether it has come to its end, so that all that follows is the body.
    var isComplete: Bool { place == .trailers }

    /// In bytes, over all lines of an answer.
    static let limit = 16_384

    /// Takes one line, the status line and the empty one included.
    ///
    /// - Throws: `tooLarge`; `transport` where it is not what a line in this place can be, or where it says that the
    ///   body is encoded: libcurl undoes every `Transfer-Encoding`, whether or not it was asked for.
    mutating func take(_ line: UnsafeRawBufferPointer) throws(HTTPClientError) {
        size += line.count
        guard size <= Self.limit else { throw .tooLarge }
        let text = unsafe String(decoding: line, as: UTF8.self)
        switch place {
        case .statusLine:
            status = try Self.status(text)
            place = status < 200 ? .interim : .final
        case .interim, .final:
            if text.allSatisfy(\.isNewline) {
                place = place == .interim ? .statusLine : .trailers
            } else {
                try takeHeader(text)
            }
        case .trailers: break
        }
    }

    /// The second half of a header that was folded into two lines stays out.
    private mutating func takeHeader(_ line: String) throws(HTTPClientError) {
        guard let colon = line.firstIndex(of: ":"), line.first != " ", line.first != "\t" else { return }
        let name = line[..<colon].lowercased()
        var value = line[line.index(after: colon)...].drop(while: \.isWhitespace)
        while value.last?.isWhitespace == true { value.removeLast() }
        guard name != "transfer-encoding" || value.lowercased() == "chunked" else {
            throw .transport(Int(CURLE_BAD_CONTENT_ENCODING.rawValue))
        }
        if place == .final { headers.append((name, String(value))) }
    }

    /// The three digits after `HTTP/1.1 `; 101 is none, because nobody asked for another protocol.
    private static func status(_ line: String) throws(HTTPClientError) -> Int {
        let words = line.split(maxSplits: 2, whereSeparator: \.isWhitespace)
        guard words.count > 1, words[0].hasPrefix("HTTP/"), words[1].utf8.count == 3, let status = Int(words[1]),
            (100...999).contains(status), status != 101
        else { throw .transport(Int(CURLE_WEIRD_SERVER_REPLY.rawValue)) }
        return status
    }
}
