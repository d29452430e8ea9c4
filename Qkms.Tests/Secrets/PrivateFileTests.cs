namespace Qkms.Tests.Secrets;

public sealed class PrivateFileTests : IDisposable
{
    private readonly TemporaryDirectory _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_created_file_holds_the_content_and_is_its_owners_alone()
    {
        PrivateFile.Create(_folder.File("secret"), "content"u8);

        File.ReadAllText(_folder.File("secret")).Should().Be("content");
        if (!OperatingSystem.IsWindows())
            File.GetUnixFileMode(_folder.File("secret")).Should().Be(UnixFileMode.UserRead | UnixFileMode.UserWrite);
        Directory.GetFiles(_folder.Path).Should().ContainSingle("nothing unfinished is left");
    }

    [Fact]
    public void A_file_that_is_there_already_stays_as_it_is()
    {
        _folder.Write("secret", "first");

        ((Action)(() => PrivateFile.Create(_folder.File("secret"), "second"u8))).Should().Throw<IOException>();

        File.ReadAllText(_folder.File("secret")).Should().Be("first");
        Directory.GetFiles(_folder.Path).Should().ContainSingle();
    }

    [Fact]
    public void What_a_crash_left_unfinished_is_replaced()
    {
        _folder.Write("secret.new", "hal");

        PrivateFile.Create(_folder.File("secret"), "whole"u8);

        File.ReadAllText(_folder.File("secret")).Should().Be("whole");
        Directory.GetFiles(_folder.Path).Should().ContainSingle();
    }

    [Fact]
    public void A_link_in_the_place_of_the_unfinished_file_is_not_written_through()
    {
        string elsewhere = _folder.Write("elsewhere", "untouched");
        File.CreateSymbolicLink(_folder.File("secret.new"), elsewhere);

        PrivateFile.Create(_folder.File("secret"), "whole"u8);

        File.ReadAllText(elsewhere).Should().Be("untouched");
        new FileInfo(_folder.File("secret")).LinkTarget.Should().BeNull();
    }

    [Fact]
    public void A_missing_file_is_null_and_a_present_one_its_bytes()
    {
        _folder.Write("secret", "content");

        PrivateFile.TryRead(_folder.File("other"), 10).Should().BeNull();
        PrivateFile.TryRead(_folder.File("secret/below"), 10).Should().BeNull();
        using SecretBytes? content = PrivateFile.TryRead(_folder.File("secret"), 7);
        content!.Span.SequenceEqual("content"u8).Should().BeTrue();
    }
}
