import Testing
import VaultModel
import VaultService

struct KeyStatesTests {
    /// The table of states of the API, cell by cell: `+` possible, `-` 409, `x` 410.
    static let table: [(KeyOperation, String)] = [
        // active unverified failing quarantined revoked expired undecryptable
        (.read, "+++++++"),
        (.reveal, "+++-x--"),
        (.check, "++++x--"),
        (.rotate, "++++x++"),
        (.rollback, "+++-x--"),
        (.quarantine, "++++x--"),
        (.release, "---+x--"),
        (.update, "++++x++"),
        (.revoke, "+++++++"),
        (.delete, "+++++++"),
    ]

    @Test(arguments: table) func `the table of states is the one of the API`(_ row: (KeyOperation, String)) {
        let marks: [KeyStates.Permission: Character] = [.allowed: "+", .wrongState: "-", .gone: "x"]
        let actual = KeyStatus.allCases.map { marks[KeyStates.permission(for: row.0, in: $0)] ?? "?" }
        #expect(String(actual) == row.1)
    }

    @Test func `every operation has its row`() {
        #expect(Set(Self.table.map(\.0)) == Set(KeyOperation.allCases))
    }
}
