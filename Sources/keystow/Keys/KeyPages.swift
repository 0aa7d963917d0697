import FoundationEssentials
import VaultModel

/// A list of keys, fetched page by page, so that no more than one page is held.
struct KeyPages {
    /// The keys of one page, and each as the server wrote it.
    typealias Page = (keys: [KeyObject], texts: [ArraySlice<UInt8>])

    private struct Answer: Decodable {
        let data: [KeyObject]
        let next_cursor: String?
    }

    let selection: KeySelection
    /// How many keys at most; `nil`: all.
    var limit: Int?

    private static let largestPage = 200

    /// Hands over each page in turn, until it returns `false`.
    func each(
        of vault: borrowing RemoteVault, _ take: (Page) throws(CommandFailure) -> Bool
    ) async throws(CommandFailure) {
        var cursor: String?
        var left = limit ?? .max
        repeat {
            let place = cursor.map { "&cursor=\($0)" } ?? ""
            let reply = try await vault.fetch(
                "/v1/keys?limit=\(min(left, Self.largestPage))\(selection.query)\(place)")
            let answer = try reply.understood(as: Answer.self)
            let texts = ListedObjects.of(reply.body)
            guard texts.count == answer.data.count else {
                throw CommandFailure("the server's answer was not understood", .unavailable)
            }
            let count = min(left, answer.data.count)
            guard try take((Array(answer.data.prefix(count)), Array(texts.prefix(count)))) else { return }
            left -= count
            cursor = answer.next_cursor
        } while cursor != nil && left > 0
    }
}
