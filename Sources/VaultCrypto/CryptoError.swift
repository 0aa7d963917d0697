import COpenSSL

/// Everything that can go wrong below the vault's service. Holds nothing of any input.
package enum CryptoError: Error, Sendable, Equatable {
    /// A box did not open. The one error for a wrong key, wrong place, wrong length or changed bit:
    /// whoever tries boxes learns nothing from which it was.
    case cannotOpen
    /// The master key is not the one this vault was made with.
    case wrongMasterKey
    /// The secure heap has no room. The request fails and may be tried again; nothing falls back to ordinary memory.
    case heapExhausted
    /// The secure heap could not be made, locked and guarded: the process must not handle secrets.
    case heapUnavailable
    /// A random generator gave twice what it must give once; nothing is drawn any more before the next start.
    case generatorRepeats
    /// OpenSSL failed at something that does not depend on whether a box is genuine (memory, a missing
    /// algorithm, the random generator), or was asked for something this suite does not have (`code` 0).
    case library(code: UInt, detail: String)
}

extension CryptoError {
    /// Empties this thread's OpenSSL error queue, so that no later call finds what this one left.
    ///
    /// `detail` names the call and OpenSSL's own fixed text for the oldest entry.
    static func failed(_ call: StaticString) -> CryptoError {
        let code = ERR_get_error()
        discardQueue()
        guard let reason = unsafe ERR_reason_error_string(code) else {
            return .library(code: UInt(code), detail: "\(call) failed")
        }
        return .library(code: UInt(code), detail: unsafe "\(call): \(String(cString: reason))")
    }

    /// A length or number that no box of this suite has: a mistake of the calling code.
    static func misuse(_ what: StaticString) -> CryptoError {
        .library(code: 0, detail: "\(what)")
    }

    /// Forgets what OpenSSL said about a failure that is answered with ``cannotOpen``.
    static func discardQueue() {
        while ERR_get_error() != 0 {}
    }
}
