/// One place of the table: who is asked, for what, by how many connections, on how many threads.
struct Cell: Hashable, Sendable {
    var contender: Contender
    var workload: Workload
    var connections = 64
    /// Event loops of Cistern, threads of webdis, worker processes of nginx.
    var loops = 1

    /// What is measured side by side, in turns, and under the same constant rate.
    struct Group: Hashable, Sendable {
        var workload: Workload
        var connections: Int
    }
    var group: Group { Group(workload: workload, connections: connections) }

    /// Those that the bars are about.
    static let forBars: [Cell] =
        Workload.get100.contenders.map { Cell(contender: $0, workload: .get100) }
        + [
            Cell(contender: .cistern, workload: .get100, loops: 2),
            Cell(contender: .cistern, workload: .put100), Cell(contender: .webdis, workload: .put100),
            Cell(contender: .cistern, workload: .get10k), Cell(contender: .webdis, workload: .get10k),
            Cell(contender: .cistern, workload: .get1m), Cell(contender: .local, workload: .get1m),
            Cell(contender: .nginx, workload: .get1m), Cell(contender: .nginxCopying, workload: .get1m),
        ]

    static func matrix(_ workloads: [Workload], connections: [Int], loops: [Int]) -> [Cell] {
        workloads.flatMap { workload in
            connections.flatMap { connections in
                loops.flatMap { loops in
                    workload.contenders.map {
                        Cell(contender: $0, workload: workload, connections: connections, loops: loops)
                    }
                }
            }
        }
    }

    /// As titles say it.
    static func text(connections: Int) -> String { connections == 1 ? "1 connection" : "\(connections) connections" }

    /// The groups in the order of their first cells.
    static func groups(of cells: [Cell]) -> [(group: Group, cells: [Cell])] {
        var order: [Group] = []
        for cell in cells where !order.contains(cell.group) { order.append(cell.group) }
        return order.map { group in (group, cells.filter { $0.group == group }) }
    }
}
