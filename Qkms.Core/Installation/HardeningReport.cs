namespace Qkms.Core.Installation;

/// <summary>What <see cref="ProcessHardening.Apply"/> could do, for the log.</summary>
/// <param name="NotDumpable">The kernel writes no dump of the process and lets no other user's debugger attach.</param>
/// <param name="NoCoreFiles">The size limit of core files is zero.</param>
/// <param name="PrivateFiles">New files are readable by their owner only.</param>
public sealed record HardeningReport(bool NotDumpable, bool NoCoreFiles, bool PrivateFiles)
{
    /// <summary>One line for the log.</summary>
    public override string ToString() =>
        $"dumps and debuggers {(NotDumpable ? "refused" : "not refused")}, core files {(NoCoreFiles ? "off" : "not off")}, new files {(PrivateFiles ? "private" : "as the umask says")}";
}
