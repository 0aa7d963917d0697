import Testing
import VaultModel

@testable import HTTPClient

/// What a name resolves to is judged when it is connected to, however it changes in between.
///
/// One after another, because they share ``NameServer`` and ``Network``.
@Suite(.serialized) struct RebindingTests {
    /// Nobody's, but public by every registry.
    private static let publicAddresses = ["192.31.196.1", "2d00::1"]

    /// Counts who comes, and says nothing.
    private let inside: RawServer

    init() throws {
        inside = try RawServer { _ in }
        Network.shared.forgetAddresses()
        Network.shared.lead(to: inside.port)
    }

    private func request(_ name: String, _ policy: AddressPolicy) throws -> OutgoingRequest {
        OutgoingRequest(
            .get, "https://\(name)\(NameServer.domain)/v1/models", secret: try secret(),
            secretHeaderName: "x-api-key", addressPolicy: policy)
    }

    private static let zone: [(name: String, record: NameServer.Record)] = [
        ("flips", .addresses([["192.31.196.1"], ["127.0.0.1"]])),
        ("flips-six", .addresses([["2d00::1"], ["::1"], ["fd00:ec2::254"]])),
        ("mixed", .addresses([["192.31.196.1", "10.0.0.1"], ["10.0.0.1", "192.31.196.1"]])),
        (
            "mixed-families",
            .addresses([["192.31.196.1", "::1"], ["2d00::1", "127.0.0.1"], ["::1", "192.31.196.1"]])
        ),
        ("many", .addresses([["2d00::1", "2d00::2", "192.31.196.1", "169.254.169.254", "::ffff:127.0.0.1"]])),
        ("chain", .alias("chain-2")), ("chain-2", .alias("chain-3")), ("chain-3", .alias("flips")),
        ("inside", .addresses([["127.0.0.1"], ["::1"], ["192.168.0.1"], ["100.64.0.1"], ["64:ff9b::7f00:1"]])),
        ("loop", .alias("loop")),
    ]

    @Test func `V04 ten thousand calls by names that lead in and out never begin a connection inside`() async throws {
        // In a process of its own, so that so many calls hold up nobody else's.
        await #expect(processExitsWith: .success) {
            let tests = try RebindingTests()
            for (name, record) in RebindingTests.zone { NameServer.shared.set(name, record) }
            let names = ["flips", "flips-six", "mixed", "mixed-families", "many", "chain", "inside", "loop"]
            let client = try HTTPClient()
            // Our name server is the one that is asked, or all of this would show nothing.
            try #require(await client.failure(of: try tests.request("many", .publicOnly)) == .refusedAddress)
            try #require(NameServer.shared.questions("many") == 1)

            let tries = 10_000
            var errors: [HTTPClientError] = []
            try await withThrowingTaskGroup(of: HTTPClientError?.self) { group in
                for number in 0..<tries {
                    if number >= 32, case let error?? = try await group.next() { errors.append(error) }
                    let name = names[number % names.count]
                    group.addTask { await client.failure(of: try tests.request(name, .publicOnly)) }
                }
                for try await case let error? in group { errors.append(error) }
            }
            // Each kind came up, and no other.
            let kinds = [HTTPClientError.refusedAddress, .connect, .resolve].map { kind in errors.count { $0 == kind } }
            #expect(kinds.min() != 0 && kinds.reduce(0, +) == tries)
            #expect(tests.inside.connections == 0)
            #expect(Network.shared.addresses.allSatisfy { $0.isGlobal })
            // They did go where they may, and every call asked anew.
            #expect(Network.shared.addresses.count >= tries / 4)
            #expect(names.map { NameServer.shared.questions($0) }.reduce(0, +) >= tries)
        }
    }

    @Test func `V04 the same names lead inside where the operator chose them`() async throws {
        for (name, record) in Self.zone { NameServer.shared.set("operator-\(name)", record) }
        NameServer.shared.set("operator-chain", .alias("operator-inside"))
        let client = try HTTPClient()
        var expected = 0
        for name in ["flips", "flips-six", "mixed", "mixed-families", "many", "chain", "inside"] {
            for _ in 0..<3 {
                #expect(await client.failure(of: try request("operator-\(name)", .operatorChosen)) != nil)
            }
            #expect(inside.connections > expected, "\(name)")
            expected = inside.connections
        }
    }

    @Test(arguments: [
        "127.0.0.1", "127.1.2.3", "0.0.0.0", "169.254.169.254", "168.63.129.16", "10.0.0.1", "172.16.0.1",
        "172.31.255.255", "192.168.0.1", "100.64.0.1", "100.100.100.200", "192.0.0.1", "192.0.0.170", "198.18.0.1",
        "198.19.255.255", "224.0.0.1", "255.255.255.255", "::", "::1", "::ffff:127.0.0.1", "::ffff:8.8.8.8",
        "::7f00:1", "fd00:ec2::254", "fc00::1", "fe80::1", "fec0::1", "ff02::1", "64:ff9b::7f00:1",
        "64:ff9b::808:808", "64:ff9b:1::1", "2002:7f00:1::", "2002:808:808::", "2001::7f00:1", "2001:db8::1",
    ])
    func `V03 a public name that leads to a special address is refused when it is connected to`(
        address: String
    ) async throws {
        NameServer.shared.set("leads-in", .addresses([[address]]))
        let client = try HTTPClient()
        #expect(await client.failure(of: try request("leads-in", .publicOnly)) == .refusedAddress)
        #expect(inside.connections == 0 && Network.shared.addresses.isEmpty)

        #expect(await client.failure(of: try request("leads-in", .operatorChosen)) != .refusedAddress)
        #expect(inside.connections == 1 && Network.shared.addresses == [NetworkAddress(address)])
    }

    @Test(arguments: publicAddresses)
    func `a public name that leads to a public address is connected to`(address: String) async throws {
        NameServer.shared.set("leads-out", .addresses([[address]]))
        let client = try HTTPClient()
        #expect(await client.failure(of: try request("leads-out", .publicOnly)) == .connect)
        #expect(Network.shared.addresses == [NetworkAddress(address)])
    }

    @Test func `before the request is written its address is judged once more`() throws {
        func mayBegin(_ address: String, port: Int = 443, after other: String? = nil) throws -> Bool {
            let transfer = try Transfer(
                request("mixed", .publicOnly), userAgent: "keystow/9.8", trust: .system, longest: .seconds(10))
            if let other { #expect(!transfer.mayBegin(to: other, port: 443)) }
            return transfer.mayBegin(to: address, port: port)
        }
        for address in Self.publicAddresses {
            #expect(try mayBegin(address))
            #expect(try !mayBegin(address, port: 444))
            // Once one of its addresses was refused, the name is not trusted with any.
            #expect(try !mayBegin(address, after: "10.0.0.1"))
        }
        for address in ["127.0.0.1", "::1", "::ffff:127.0.0.1", "169.254.169.254", "fe80::1%lo", "", "unix"] {
            #expect(try !mayBegin(address))
        }
    }
}
