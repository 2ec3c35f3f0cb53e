internal import CisternBytes
internal import CisternRESP

/// What a connection leaves behind, and what another one does about it: `OrphanedConnections`.
extension RedisPipe {
    /// Leaves writes behind that the server may execute yet.
    func orphan(_ commands: [UnansweredCommand]) {
        var name: OrphanedConnections.ClientName?
        if let id = server.clientID, let address = server.clientAddress { name = .init(id: id, address: address) }
        shard.orphans.add(name, commands: commands)
    }

    /// Has the server end the connections that were orphaned, those from before this one was set up included.
    func endOrphans() {
        var told = max(orphansTold ?? 0, shard.orphans.newest)
        for orphan in shard.orphans.after(orphansTold ?? 0) {
            told = max(told, orphan.number)
            if let name = orphan.name {
                end(orphan, name)
            } else {
                outlast(orphan.number, pings: 2)
            }
        }
        orphansTold = told
    }

    private func end(_ orphan: OrphanedConnections.Orphan, _ name: OrphanedConnections.ClientName) {
        let number = orphan.number
        // Without an answer, the next connection tries.
        sendInternally { [unowned self] reply in
            if case .error = reply {
                shard.orphans.warn()
                later { $0.outlast(number, pings: 2) }
            } else if reply != nil {
                shard.orphans.confirm(number)
            }
        } encode: { output in
            output.appendRESPCommand(argumentCount: 6)
            output.appendRESPBulk("CLIENT")
            output.appendRESPBulk("KILL")
            output.appendRESPBulk("ID")
            output.appendRESPBulk(decimal: Int(name.id))
            output.appendRESPBulk("ADDR")
            output.appendRESPBulk(text: name.address)
        }
    }

    /// Waits until the server has answered so many PINGs, one after the other.
    private func outlast(_ orphan: Int, pings: Int) {
        sendInternally { [unowned self] reply in
            guard reply != nil else { return }
            if pings == 1 { return shard.orphans.confirm(orphan) }
            later { $0.outlast(orphan, pings: pings - 1) }
        } encode: { output in
            output.appendRESPCommand(argumentCount: 1)
            output.appendRESPBulk("PING")
        }
    }
}
