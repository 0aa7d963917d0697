import VaultModel
@testable import VaultStore
func a(_ store: Store, _ id: ProjectID) throws -> ProjectRecord? {
    try store.read { try $0.project(id)?.record }
}

func b(_ store: Store, _ id: ProjectID) throws(StoreError) -> Int {
    try store.read { tx throws(StoreError) in
        let p = try tx.project(id)
        return p == nil ? 0 : try tx.liveKeyCount(project: id)
    }
}
