<?php
// Answers with the number of fields that PHP reads from the body.
echo count($_POST);
