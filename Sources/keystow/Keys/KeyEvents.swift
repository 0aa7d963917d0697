import VaultModel

/// What happened to a key last, from a list that the server gives oldest first.
struct KeyEvents {
    struct Event: Decodable {
        struct Actor: Decodable {
            let name: String?
            let kind: String
        }

        let seq: Int
        let at: String
        let actor: Actor
        let action: String
        let outcome: String
        let reason: String?
    }

    private struct Page: Decodable {
        let data: [Event]
        let next_after: Int?
    }

    typealias Latest = (events: [Event], texts: [ArraySlice<UInt8>], hasEarlier: Bool)

    let id: KeyID

    /// How many are shown.
    static let count = 10

    /// The last of them, newest last.
    ///
    /// A key that is revealed all day has a long history: the place where its end begins is searched for by halves, in about
    /// thirty short answers, instead of reading all of it.
    func latest(of vault: borrowing RemoteVault) async throws(CommandFailure) -> Latest {
        let first = try await page(of: vault, after: 0, limit: 200)
        if first.page.next_after == nil {
            let (events, texts) = (first.page.data.suffix(Self.count), first.texts.suffix(Self.count))
            return (Array(events), Array(texts), first.page.data.count > Self.count)
        }
        // After `low` a page is full; after `high` it is not.
        var (low, high) = (first.page.data.last?.seq ?? 0, Int(Int32.max))
        var latest = first.page.data.suffix(Self.count)
        var texts = first.texts.suffix(Self.count)
        while low < high - 1 {
            let middle = low + (high - low) / 2
            let found = try await page(of: vault, after: middle, limit: Self.count)
            if found.page.data.count == Self.count {
                (latest, texts) = (found.page.data[...], found.texts[...])
                // The page that begins one entry later is the next that could be full.
                low = max(middle, found.page.data[0].seq - 1)
            } else {
                high = middle
            }
        }
        return (Array(latest), Array(texts), true)
    }

    private func page(
        of vault: borrowing RemoteVault, after: Int, limit: Int
    ) async throws(CommandFailure) -> (page: Page, texts: [ArraySlice<UInt8>]) {
        let reply = try await vault.fetch("/v1/keys/\(id)/events?after=\(after)&limit=\(limit)")
        let page = try reply.understood(as: Page.self)
        let texts = ListedObjects.of(reply.body)
        guard texts.count == page.data.count else {
            throw CommandFailure("the server's answer was not understood", .unavailable)
        }
        return (page, texts)
    }

    static func lines(_ events: [Event], on terminal: Terminal) -> [String] {
        var table = Table(
            [
                Table.Column(title: "WHEN (UTC)", rank: 0), Table.Column(title: "WHAT", rank: 0),
                Table.Column(title: "WHO", rank: 1, least: 8), Table.Column(title: "OUTCOME", rank: 3, least: 8),
                Table.Column(title: "WHY", rank: 2, least: 8),
            ], on: terminal)
        return table.lines(
            events.map { event in
                [
                    Table.Cell(ShownTime.minute(event.at)), Table.Cell(event.action),
                    Table.Cell(event.actor.name ?? event.actor.kind), Table.Cell(event.outcome),
                    Table.Cell(event.reason),
                ]
            })
    }
}
