import Testing
import VaultModel

@testable import VaultCrypto

struct BlindIndexTests {
    @Test func `C16, on 20,000 random keys: equal ones have one index in one project, and no two others share one`()
        throws
    {
        let keyring = try Keyring.create(master: Random.secret(32), instance: Sample.instance).0
        let another = try Keyring.create(master: Random.secret(32), instance: Sample.instance).0
        let (here, there) = (Sample.projects[0], Sample.projects[1])
        var indexes: Set<[UInt8]> = []
        for number in 0..<20_000 {
            let key = try secret(Random.bytes(.random(in: 16...64)))
            let index = try keyring.blindIndex(of: key, project: here, provider: .anthropic)
            indexes.insert(index)
            guard number % 100 == 0 else { continue }
            #expect(try keyring.blindIndex(of: key, project: here, provider: .anthropic) == index)
            #expect(try keyring.blindIndex(of: key, project: there, provider: .anthropic) != index)
            // Whoever has index and key, and not the vault's own keys, cannot tell that they belong together.
            #expect(try another.blindIndex(of: key, project: here, provider: .anthropic) != index)
        }
        #expect(indexes.count == 20_000)
    }
}
