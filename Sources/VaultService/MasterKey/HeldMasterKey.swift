import Synchronization
import VaultModel

/// The value of a variable that held a master key: taken out of the environment when the program began, and in secure
/// memory until it is forgotten. Safe from any thread.
package final class HeldMasterKey: Sendable, Equatable {
    /// What the variable was called.
    package let name: String
    private let text: Mutex<SharedSecret?>
    private let length: Int

    /// - Parameter text: what it was; that memory is the caller's to overwrite.
    package init(_ name: String, copying text: RawSpan) {
        self.name = name
        length = min(text.byteCount, MasterKeyText.room)
        self.text = Mutex(SharedSecret(copying: text.extracting(first: length)))
    }

    /// - Throws: `masterKeyMalformed` for anything but 44 characters of base64; `masterKeyTaken` when it is forgotten.
    func read() throws(OpeningError) -> SecretBytes {
        let place = MasterKeyPlace.variable(name: name)
        guard let held = text.withLock(\.self) else { throw .masterKeyTaken(place) }
        return try MasterKeyText.key(of: held.bytes, length, from: place, mayBeRaw: false)
    }

    func forget() { text.withLock { $0 = nil } }

    package static func == (left: HeldMasterKey, right: HeldMasterKey) -> Bool { left === right }
}

/// A secret that is held in one place and read by whoever comes.
final class SharedSecret: Sendable {
    let bytes: SecretBytes

    init(_ bytes: consuming SecretBytes) { self.bytes = bytes }

    /// Copies `text`; `nil` when secure memory has no room.
    convenience init?(copying text: RawSpan) {
        do {
            self.init(try SecretBytes(copying: text))
        } catch {
            return nil
        }
    }

    /// Another copy.
    func copy() throws(OpeningError) -> SecretBytes {
        do {
            return try bytes.withBytes { span throws(SecretMemoryExhausted) in try SecretBytes(copying: span) }
        } catch {
            throw .vault(.overloaded)
        }
    }
}
