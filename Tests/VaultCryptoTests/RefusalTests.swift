import Testing
import VaultModel

@testable import VaultCrypto

/// Whoever tries boxes learns nothing from how one is refused.
struct RefusalTests {
    /// What can be wrong with a box, and how it then looks.
    enum Fault: CaseIterable {
        case key, place, tag, commitment, ciphertext, suite, type, term, magic, short, long, empty
    }

    /// How one box, sealed under one key in one place, is tried with one fault.
    struct Trial {
        let key: HeldKey
        let wrongKey: HeldKey
        let blob: [UInt8]
        let place = Place()

        init() throws {
            key = HeldKey(try Random.secret(32))
            wrongKey = HeldKey(try Random.secret(32))
            blob = try SealedBox.seal(
                ([UInt8](repeating: 9, count: 108)).span.bytes, type: .secret, term: 0, boundTo: Place().data,
                under: key.bytes)
        }

        func error(_ fault: Fault?) -> CryptoError? {
            var (blob, place, key, type, term) = (blob, place, key, BoxType.secret, 0)
            switch fault {
            case nil: break
            case .key: key = wrongKey
            case .place: place.owner = Array("user-2".utf8)
            case .tag: blob[blob.count - 1] ^= 1
            case .commitment: blob[54] ^= 1
            case .ciphertext: blob[86] ^= 1
            case .suite: blob[4] = 2
            case .type: type = .dek
            case .term: term = 1
            case .magic: blob[0] ^= 1
            case .short: blob.removeLast()
            case .long: blob.append(0)
            case .empty: blob = []
            }
            do {
                _ = try SealedBox.open(blob, type: type, term: term, boundTo: place.data, under: key.bytes)
                return nil
            } catch { return error }
        }
    }

    @Test func `C12 whatever is wrong with a box, it is one error`() throws {
        let trial = try Trial()
        #expect(trial.error(nil) == nil)
        let errors = Fault.allCases.map { trial.error($0) }
        #expect(errors.allSatisfy { $0 == .cannotOpen })
        #expect(Set(errors.map { String(describing: $0) }) == ["Optional(VaultCrypto.CryptoError.cannotOpen)"])
    }
}
