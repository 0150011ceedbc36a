//! The generator gives up the network before it reads its first input.
//!
//! A filter in the kernel (seccomp) refuses every call that opens, uses or inherits a connection, and those
//! that could start or steer another program to do so. It holds for all threads and cannot be taken back.

/// What became of the wish for a sandbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sandbox {
    /// The kernel holds the filter.
    Entered,
    /// The kernel cannot, and why.
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
    use seccompiler::{BpfProgram, SeccompAction, SeccompFilter, TargetArch};
    use std::collections::BTreeMap;

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

    /// Set in the number of a call made through the x32 entry of x86-64 kernels. Source: syscall(2).
    #[cfg(target_arch = "x86_64")]
    const X32: i64 = 0x4000_0000;

    pub(super) fn enter() -> Result<(), String> {
        let mut rules = BTreeMap::new();
        for &call in DENIED {
            rules.insert(call, Vec::new());
            #[cfg(target_arch = "x86_64")]
            rules.insert(call | X32, Vec::new());
        }
        let arch = TargetArch::try_from(std::env::consts::ARCH).map_err(|error| error.to_string())?;
        let denied = SeccompAction::Errno(libc::EPERM.unsigned_abs());
        let filter = SeccompFilter::new(rules, SeccompAction::Allow, denied, arch)
            .map_err(|error| error.to_string())?;
        let program = BpfProgram::try_from(filter).map_err(|error| error.to_string())?;
        seccompiler::apply_filter_all_threads(&program).map_err(|error| error.to_string())
    }
}
