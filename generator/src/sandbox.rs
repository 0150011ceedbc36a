//! The generator gives up the network before it reads its first input.
//!
//! A filter in the kernel (seccomp) refuses every call that opens or uses a connection, every use of one that
//! the program was started with, and those calls that could start or steer another program to do so. It holds
//! for all threads and cannot be taken back.

#[cfg(target_os = "linux")]
mod connections;

/// What became of the wish for a sandbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sandbox {
    /// The kernel holds the filter.
    Entered,
    /// The kernel cannot, or a standard stream is itself a connection; and why.
    Unavailable(String),
}

/// Gives up the network for this process, for good.
#[must_use]
pub fn enter() -> Sandbox {
    #[cfg(target_os = "linux")]
    {
        linux::enter().map_or_else(Sandbox::Unavailable, |()| Sandbox::Entered)
    }
    #[cfg(not(target_os = "linux"))]
    {
        Sandbox::Unavailable("only Linux is known to filter system calls this way".into())
    }
}

#[cfg(target_os = "linux")]
mod linux {
    use super::connections::{self, Connections};
    use seccompiler::{
        BackendError, BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition,
        SeccompFilter, SeccompRule, TargetArch,
    };
    use std::collections::BTreeMap;
    use std::os::fd::RawFd;

    /// Calls that reach another machine or process. Source: syscalls(2) of Linux 6.12.
    const DENIED: &[i64] = &[
        libc::SYS_socket,
        libc::SYS_socketpair,
        libc::SYS_connect,
        libc::SYS_bind,
        libc::SYS_listen,
        libc::SYS_accept,
        libc::SYS_accept4,
        libc::SYS_sendto,
        libc::SYS_sendmsg,
        libc::SYS_sendmmsg,
        libc::SYS_recvfrom,
        libc::SYS_recvmsg,
        libc::SYS_recvmmsg,
        libc::SYS_io_uring_setup,
        libc::SYS_ptrace,
        libc::SYS_process_vm_writev,
        libc::SYS_pidfd_getfd,
        libc::SYS_bpf,
        libc::SYS_execve,
        libc::SYS_execveat,
    ];

    /// Calls that would use an open connection, each with the place of the descriptor among its arguments.
    const USES: &[(i64, u8)] = &[
        (libc::SYS_read, 0),
        (libc::SYS_readv, 0),
        (libc::SYS_write, 0),
        (libc::SYS_writev, 0),
        (libc::SYS_pwrite64, 0),
        (libc::SYS_pwritev, 0),
        (libc::SYS_pwritev2, 0),
        (libc::SYS_preadv2, 0),
        (libc::SYS_sendfile, 0),
        (libc::SYS_splice, 0),
        (libc::SYS_splice, 2),
        (libc::SYS_dup, 0),
        #[cfg(target_arch = "x86_64")]
        (libc::SYS_dup2, 0),
        (libc::SYS_dup3, 0),
        (libc::SYS_fcntl, 0),
    ];

    /// Set in the number of a call made through the x32 entry of x86-64 kernels. Source: syscall(2).
    #[cfg(target_arch = "x86_64")]
    const X32: i64 = 0x4000_0000;

    /// Calls that x32 has under numbers of its own: readv and writev, recvfrom, sendmsg, recvmsg, execve, ptrace,
    /// recvmmsg, sendmmsg, `process_vm_writev`, execveat. Source: `syscall_64.tbl` of Linux 6.12.
    #[cfg(target_arch = "x86_64")]
    const X32_ONLY: &[i64] = &[515, 516, 517, 518, 519, 520, 521, 537, 538, 540, 545];

    pub(super) fn enter() -> Result<(), String> {
        // The filter is to hold whatever becomes of the search.
        let connections = connections::inherited();
        let found = connections.as_ref().map_or(&[][..], |found| &found.barred);
        deny(found).map_err(|error| error.to_string())?;
        let Connections { network_stream, .. } = connections?;
        match network_stream {
            Some(name) => Err(format!("standard {name} is a connection to a network")),
            None => Ok(()),
        }
    }

    fn deny(connections: &[RawFd]) -> Result<(), seccompiler::Error> {
        let mut rules: BTreeMap<i64, Vec<SeccompRule>> = BTreeMap::new();
        for &descriptor in connections {
            for &(call, place) in USES {
                rules.entry(call).or_default().push(uses(place, descriptor)?);
            }
        }
        rules.extend(DENIED.iter().map(|&call| (call, Vec::new())));
        #[cfg(target_arch = "x86_64")]
        {
            let aliases: Vec<_> = rules.iter().map(|(call, rule)| (call | X32, rule.clone())).collect();
            rules.extend(aliases);
            rules.extend(X32_ONLY.iter().map(|&call| (call | X32, Vec::new())));
        }
        let arch = TargetArch::try_from(std::env::consts::ARCH)?;
        let denied = SeccompAction::Errno(libc::EPERM.unsigned_abs());
        let filter = SeccompFilter::new(rules, SeccompAction::Allow, denied, arch)?;
        let program = BpfProgram::try_from(filter)?;
        seccompiler::apply_filter_all_threads(&program)
    }

    fn uses(place: u8, descriptor: RawFd) -> Result<SeccompRule, BackendError> {
        let number = u64::from(descriptor.unsigned_abs());
        let same = SeccompCondition::new(place, SeccompCmpArgLen::Dword, SeccompCmpOp::Eq, number)?;
        SeccompRule::new(vec![same])
    }
}
