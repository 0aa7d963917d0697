import Synchronization

#if canImport(Glibc)
import Glibc
#endif

/// Where the bytes of a ``SecretBytes`` live.
///
/// Floor 1 knows no C library, so the crypto floor installs OpenSSL's secure heap here once, before the
/// first secret is made (`SecureHeap.install()`). Until then secrets lie in ordinary memory that is
/// overwritten when freed, which is what tests of the lower floors use.
@safe
package struct SecretMemory: Sendable {
    /// Returns `count` bytes, or `nil` when the arena is exhausted.
    package let allocate: @Sendable (_ count: Int) -> UnsafeMutableRawPointer?

    /// Overwrites and frees what `allocate` returned for the same `count`.
    package let free: @Sendable (_ pointer: UnsafeMutableRawPointer, _ count: Int) -> Void

    package init(
        allocate: @escaping @Sendable (Int) -> UnsafeMutableRawPointer?,
        free: @escaping @Sendable (UnsafeMutableRawPointer, Int) -> Void
    ) {
        unsafe self.allocate = allocate
        unsafe self.free = free
    }

    private static let installed = Mutex<SecretMemory?>(nil)

    /// Makes `memory` the home of all secrets made from now on; a second call is ignored.
    ///
    /// A secret remembers the memory it came from, so one made before the call is freed as it was made.
    package static func install(_ memory: SecretMemory) {
        installed.withLock { current in
            if current == nil { current = memory }
        }
    }

    /// The installed memory, or ordinary memory that is overwritten when freed.
    static var current: SecretMemory { installed.withLock { $0 } ?? .ordinary }

    static let ordinary = unsafe SecretMemory(
        allocate: { count in unsafe malloc(max(count, 1)) },
        free: { pointer, count in
            unsafe explicit_bzero(pointer, count)
            unsafe Glibc.free(pointer)
        }
    )
}

/// The secure heap has no room left; nothing was made.
///
/// Whose side: ours. The request fails and may be tried again; there is no fallback to ordinary memory.
package struct SecretMemoryExhausted: Error, Sendable, Equatable {
    package init() {}
}
