namespace Qkms.Core.Installation;

/// <summary>Makes the process harder to read from outside. See <c>docs/hardening.md</c> for what only the host can do.</summary>
internal static class ProcessHardening
{
    private const uint OwnerOnly = 0x3F;

    /// <summary>
    /// On Linux: no core dumps and no attaching of other users' debuggers (prctl(2), PR_SET_DUMPABLE), a core size limit of zero
    /// that cannot be raised again (setrlimit(2), RLIMIT_CORE), and files that only their owner can read (umask(2), 0077).
    /// Elsewhere nothing. A step that fails does not stop the others.
    /// </summary>
    public static HardeningReport Apply()
    {
        if (!OperatingSystem.IsLinux())
            return new HardeningReport(NotDumpable: false, NoCoreFiles: false, PrivateFiles: false);

        bool notDumpable = LibC.ProcessControl(LibC.SetDumpable, 0, 0, 0, 0) == 0;
        bool noCoreFiles = LibC.SetResourceLimit(LibC.CoreFileSize, new LibC.ResourceLimit(0, 0)) == 0;
        _ = LibC.SetUmask(OwnerOnly); // answers the mask before; it cannot fail
        return new HardeningReport(notDumpable, noCoreFiles, PrivateFiles: true);
    }
}

/// <summary>What <see cref="ProcessHardening.Apply"/> could do, for the log.</summary>
/// <param name="NotDumpable">The kernel writes no dump of the process and lets no other user's debugger attach.</param>
/// <param name="NoCoreFiles">The size limit of core files is zero.</param>
/// <param name="PrivateFiles">New files are readable by their owner only.</param>
internal sealed record HardeningReport(bool NotDumpable, bool NoCoreFiles, bool PrivateFiles)
{
    /// <summary>One line for the log.</summary>
    public override string ToString() =>
        $"dumps and debuggers {(NotDumpable ? "refused" : "not refused")}, core files {(NoCoreFiles ? "off" : "not off")}, new files "
        + $"{(PrivateFiles ? "private" : "as the umask says")}";
}
