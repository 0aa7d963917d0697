import VaultModel

@testable import VaultCrypto

/// C12: whether the time of a refusal tells what was wrong with a box.
///
/// What is refused before a key is derived is refused sooner, as is what has another commitment than what has another tag: that
/// is the order in which a box is opened, and who can make such boxes knows it. Within each step nothing is told.
enum Refusals {
    private enum Fault: String, CaseIterable {
        case key, commitment, place, tag, ciphertext
    }

    /// Those that come to their end at the same step.
    private static let alike: [(Fault, Fault)] = [
        (.key, .commitment), (.place, .tag), (.tag, .ciphertext), (.place, .ciphertext),
    ]

    static func measure(_ count: Int) throws -> (Bool, String) {
        try SecureHeap.install()
        let (key, other) = (HeldKey(try Random.secret(32)), HeldKey(try Random.secret(32)))
        let contexts = try BoxContexts()
        func place(_ owner: String) -> AssociatedData {
            AssociatedData(
                instance: InstanceID(UUIDv7(high: 1, low: 2)), owner: Array(owner.utf8), objectID: "key_1", version: 1)
        }
        let (here, there) = (place("user-1"), place("user-2"))
        let plaintext = [UInt8](repeating: 7, count: 108)
        let blob = try SealedBox.seal(
            plaintext.span.bytes, type: .secret, term: 0, boundTo: here, under: key.bytes, on: contexts)
        var work = blob
        var errors: Set<String> = []
        func refuse(_ fault: Fault) -> Double {
            // One and the same memory, each byte written each time.
            work[54] = fault == .commitment ? blob[54] ^ 1 : blob[54]
            work[86] = fault == .ciphertext ? blob[86] ^ 1 : blob[86]
            work[blob.count - 1] = fault == .tag ? blob[blob.count - 1] ^ 1 : blob[blob.count - 1]
            let (holder, bound) = (fault == .key ? other : key, fault == .place ? there : here)
            let begun = nanoseconds()
            do throws(CryptoError) {
                _ = try SealedBox.open(work, type: .secret, term: 0, boundTo: bound, under: holder.bytes, on: contexts)
                errors.insert("none")
            } catch {
                if error != .cannotOpen { errors.insert("\(error)") }
            }
            return nanoseconds() - begun
        }
        var (isGood, words): (Bool, [String]) = (true, [])
        for (one, two) in alike {
            let t = Welch.t(count) { refuse($0 == 0 ? one : two) }
            isGood = isGood && abs(t) < Welch.leak
            words.append("\(one) and \(two) t = \(Comparison.rounded(t))")
        }
        let control = Welch.t(count) { refuse($0 == 0 ? .commitment : .tag) }
        isGood = isGood && abs(control) > Welch.leak && errors.isEmpty
        return (
            isGood,
            words.joined(separator: ", ") + "; of the control, commitment and tag, \(Comparison.rounded(control))"
        )
    }
}
