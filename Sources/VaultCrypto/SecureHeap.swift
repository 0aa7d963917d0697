import COpenSSL
import VaultModel

/// OpenSSL's secure heap: one locked arena between guard pages, kept out of core dumps, wiped on free.
///
/// Source: `CRYPTO_secure_malloc_init(3)`.
package enum SecureHeap {
    /// The arena's size, bytes. Allocations are rounded up to a power of two, 32 at least.
    package static let capacity = 1 << 20

    /// Makes the arena and puts every later `SecretBytes` there. May be called any number of times, from any
    /// thread; the first call decides for all.
    ///
    /// - Throws: ``CryptoError/heapUnavailable`` when the arena cannot be locked and guarded
    ///   (`RLIMIT_MEMLOCK` below 1 MiB is the usual reason), or when somebody else made one before.
    package static func install() throws(CryptoError) {
        guard isInstalled else { throw .heapUnavailable }
    }

    /// Bytes of the arena in use now, after rounding.
    package static var bytesInUse: Int { CRYPTO_secure_used() }

    // A global constant's first reader runs this, once, and all others wait for it.
    private static let isInstalled: Bool = {
        let made = CRYPTO_secure_malloc_init(capacity, 32)
        // 2 means that the memory is there but not locked or not guarded; that is not what was promised.
        guard made == 1 else {
            if made == 2 { _ = CRYPTO_secure_malloc_done() }
            return false
        }
        // No file and line, so that a refused allocation leaves nothing in OpenSSL's error queue.
        SecretMemory.install(
            unsafe SecretMemory(
                allocate: { count in unsafe CRYPTO_secure_malloc(count, nil, 0) },
                free: { pointer, count in unsafe CRYPTO_secure_clear_free(pointer, count, nil, 0) }
            )
        )
        return true
    }()
}
