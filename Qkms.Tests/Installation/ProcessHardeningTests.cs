using System.Runtime.InteropServices;
using Qkms.Core.Installation;

namespace Qkms.Tests.Installation;

public sealed unsafe partial class ProcessHardeningTests
{
    private const int GetDumpable = 3;

    [Fact]
    public void After_it_the_kernel_reports_no_core_files_no_dumps_and_private_files()
    {
        if (!OperatingSystem.IsLinux())
        {
            ProcessHardening.Apply().Should().Be(new HardeningReport(NotDumpable: false, NoCoreFiles: false, PrivateFiles: false));
            return;
        }

        // The limit stays lowered: no test wants a core file. The rest is put back, because the test host is shared.
        int dumpable = LibC.ProcessControl(GetDumpable, 0, 0, 0, 0);
        uint umask = LibC.SetUmask(0x12);
        try
        {
            ProcessHardening.Apply().Should().Be(new HardeningReport(NotDumpable: true, NoCoreFiles: true, PrivateFiles: true));

            LibC.ProcessControl(GetDumpable, 0, 0, 0, 0).Should().Be(0);
            LibC.ResourceLimit limit = new(1, 1);
            GetResourceLimit(LibC.CoreFileSize, &limit).Should().Be(0);
            limit.Should().Be(new LibC.ResourceLimit(0, 0));
        }
        finally
        {
            _ = LibC.ProcessControl(LibC.SetDumpable, (nuint)dumpable, 0, 0, 0);
            LibC.SetUmask(umask).Should().Be(0x3F);
        }
    }

    [LibraryImport("libc", EntryPoint = "getrlimit")]
    private static partial int GetResourceLimit(int resource, LibC.ResourceLimit* limit);
}
