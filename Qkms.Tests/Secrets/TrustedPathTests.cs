namespace Qkms.Tests.Secrets;

/// <summary>F-22: a place where others can put something is not trusted, whoever made what is in it.</summary>
public sealed class TrustedPathTests : IDisposable
{
    private const string Nobody = "65534";

    private readonly TemporaryDirectory _folder = new();

    public TrustedPathTests() => Directory.CreateDirectory(Data);

    private string Data => Inside("data");

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("0702", "*data' can be written by other users*chmod go-w*")]
    [InlineData("1707", "*data' can be written by other users*")]
    [InlineData("0770", "*data' can be written by other users*")]
    [InlineData("0700", null)]
    [InlineData("0755", null)]
    public void F22_folder_that_others_can_write_is_refused(string mode, string? message)
    {
        ChangeMode(Data, mode);

        ShouldBe(message, () => TrustedPath.CheckFolder(Data));
        ShouldBe(message, () => PrivateFile.CreateFolder(Data));
    }

    // In /tmp, and below it: nobody can exchange what belongs to somebody else. Of a group, see the remark at TrustedPath.
    [Theory]
    [InlineData("0702", "*' can be written by every user*chmod o-w*")]
    [InlineData("1777", null)]
    [InlineData("0770", null)]
    public void F22_way_that_all_can_write_is_refused_without_the_sticky_bit(string mode, string? message)
    {
        ChangeMode(_folder.Path, mode);

        ShouldBe(message, () => TrustedPath.CheckFolder(Data));
        ShouldBe(message, () => TrustedPath.CheckFolder(Inside("data/not/there/yet")));
        ShouldBe(message, () => TrustedPath.CheckWayTo(Inside("root.key")));
    }

    [FactIf(Requirement.OtherUsersFiles)]
    public void F22_what_belongs_to_another_user_is_refused()
    {
        Directory.CreateDirectory(Inside("data/deeper"));
        Shell.Must("chown", Nobody, Data);

        ShouldBe("*data' belongs to another user (uid 65534)*chown*", () => TrustedPath.CheckFolder(Data));
        ShouldBe("*data' belongs to another user*", () => TrustedPath.CheckFolder(Inside("data/deeper")));
        ShouldBe("*data' belongs to another user*", () => TrustedPath.CheckFolder(Inside("data/none")));
        ShouldBe("*data' belongs to another user*", () => TrustedPath.CheckWayTo(Inside("data/root.key")));
        ShouldBe("*data' belongs to another user*", () => PrivateFile.CreateFolder(Inside("data/new")));
        Directory.Exists(Inside("data/new")).Should().BeFalse();
    }

    // systemd makes the state directory of a DynamicUser a link, and many a disk is behind one.
    [FactIf(Requirement.OtherUsersFiles)]
    public void F22_link_counts_as_what_it_is_and_as_what_it_leads_to()
    {
        Directory.CreateDirectory(Inside("elsewhere/data"));
        File.CreateSymbolicLink(Inside("link"), "./elsewhere/../elsewhere/data");
        File.CreateSymbolicLink(Inside("absolute"), Inside("link"));
        ShouldBe(null, () => TrustedPath.CheckFolder(Inside("absolute")));

        ChangeMode(Inside("elsewhere"), "0702");
        ShouldBe("*elsewhere' can be written by every user*", () => TrustedPath.CheckFolder(Inside("absolute")));
        ChangeMode(Inside("elsewhere"), "0700");

        Shell.Must("chown", "-h", Nobody, Inside("link"));
        ShouldBe("*link' belongs to another user*", () => TrustedPath.CheckFolder(Inside("absolute")));

        File.CreateSymbolicLink(Inside("circle"), "circle");
        ShouldBe("*more than 40 links*", () => TrustedPath.CheckFolder(Inside("circle")));
    }

    [FactIf(Requirement.OtherUsersFiles)]
    public void F22_file_is_ours_and_no_link()
    {
        string file = _folder.Write("data/qkms.db", "x");
        ShouldBe(null, () => TrustedPath.CheckFile(file));
        ShouldBe(null, () => TrustedPath.CheckFile(Inside("data/none")));

        Shell.Must("chown", Nobody, file);
        ShouldBe("*qkms.db' belongs to another user*", () => TrustedPath.CheckFile(file));
        Action read = () => PrivateFile.TryRead(file, 10)?.Dispose();
        read.Should().Throw<PrivateFileException>().WithMessage("*belongs to another user (uid 65534)*");

        File.CreateSymbolicLink(Inside("data/link.db"), "qkms.db");
        ShouldBe("*link.db' is not a regular file*", () => TrustedPath.CheckFile(Inside("data/link.db")));
    }

    // Each of these was taken for a new installation, or for one's own.
    [TheoryIf(Requirement.OtherUsersFiles)]
    [LongInlineData("directory of another user", "belongs to another user")]
    [InlineData("directory open to all", "can be written by other users")]
    [InlineData("root key of another user", "belongs to another user")]
    [LongInlineData("root key in a directory of another user", "belongs to another user")]
    [InlineData("database of another user", "belongs to another user")]
    [LongInlineData("database behind a link", "is not a regular file")]
    [InlineData("root key of zeros", "is not random")]
    public async Task F22_start_on_what_another_user_planted_is_refused(string planted, string said)
    {
        string rootKey = Convert.ToBase64String(RandomNumberGenerator.GetBytes(32));
        Dictionary<string, string?> environment = new();
        ChangeMode(Data, "0700");
        switch (planted)
        {
            case "directory of another user":
                Shell.Must("chown", Nobody, Data);
                break;
            case "directory open to all":
                ChangeMode(Data, "0777");
                break;
            case "root key of another user":
                Shell.Must("chown", Nobody, _folder.Write("data/root.key", rootKey));
                break;
            case "root key in a directory of another user":
                Directory.CreateDirectory(Inside("other"));
                environment["QKMS_ROOT_KEY_FILE"] = _folder.Write("other/root.key", rootKey);
                Shell.Must("chown", Nobody, Inside("other"));
                break;
            case "database of another user":
                Shell.Must("chown", Nobody, _folder.Write("data/qkms.db", ""));
                break;
            case "database behind a link":
                File.CreateSymbolicLink(Inside("data/qkms.db"), _folder.Write("elsewhere.db", ""));
                break;
            default:
                _folder.Write("data/root.key", Convert.ToBase64String(new byte[32]));
                break;
        }

        // SQLite whatever the run is on: a root key that is given beside the one under test would hide it.
        environment["Qkms__Storage__Provider"] = "sqlite";
        (int exitCode, string output) = await ServiceProcess.StartInVainAsync(Data, environment);

        exitCode.Should().Be(1, output);
        output.Should().Contain(said).And.NotContain("   at ");
        File.Exists(Inside("data/initial-api-key")).Should().BeFalse();
    }

    private static void ShouldBe(string? refused, Action check)
    {
        if (!OperatingSystem.IsLinux() || refused is null)
            check.Should().NotThrow();
        else
            check.Should().Throw<UntrustedPathException>().WithMessage(refused);
    }

    private static void ChangeMode(string path, string mode)
    {
        if (OperatingSystem.IsLinux())
            Shell.Must("chmod", mode, path);
    }

    private string Inside(string name) => _folder.File(name);
}
