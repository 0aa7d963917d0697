#if canImport(Glibc)
import Glibc
#endif

/// The folder that a path names its last part in.
package enum ParentFolder {
    package static func path(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    /// Makes a new file's name durable, as far as the folder can be opened.
    package static func synchronize(of path: String) {
        let folder = unsafe open(Self.path(of: path), O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard folder >= 0 else { return }
        fsync(folder)
        close(folder)
    }
}
